import { describe, expect, test } from 'vitest';
import { milliseconds, parseSpec, rulesOf } from '../src/spec.ts';

const small = { name: 'router', task: 'classification', serving: { target: 'builtin' } };

describe('ModelSpec', () => {
  test('name, task and serving are enough', () => {
    const spec = parseSpec(small);
    expect(spec.base.model).toBe('./models/mini-encoder');
    expect(spec.monitor.alarmBudget).toEqual({ maxFalseAlarms: 1, per: '30d' });
    expect(spec.retrain).toMatchObject({ on: ['drift', 'performance', 'labels'], minLabels: 200, cooldown: '6h', maxPerDay: 2, timeZone: 'UTC' });
    expect(spec.gates).toMatchObject({ rule: 'superior', alpha: 0.05, maxForgetting: 0.03 });
  });

  test.each([['classification', 'single', 'accuracy'], ['classification', 'multi', 'f1'], ['extraction', 'single', 'spanF1'], ['embedding', 'single', 'nDCG@10'], ['generation', 'single', 'exact']])('the metric of %s (labels %s) is %s, unless another is named', (task, labels, metric) => {
    expect(parseSpec({ ...small, task, labels }).gates.metric).toBe(metric);
    expect(parseSpec({ ...small, task, labels }).base.model).toBe(task === 'generation' ? './models/mini-decoder' : './models/mini-encoder');
    const other = rulesOf(parseSpec({ ...small, task, labels })).metrics.at(-1);
    expect(parseSpec({ ...small, task, labels, gates: { metric: other } }).gates.metric).toBe(other);
  });

  test('the input is not changed', () => {
    const input = structuredClone(small);
    parseSpec(input);
    expect(input).toEqual(small);
  });

  test.each([
    ['an unknown field', { ...small, colour: 'red' }, /has no field "colour"/],
    ['a name that is no label', { ...small, name: 'My Router' }, /\/name/],
    ['a duration without a unit', { ...small, monitor: { pane: '5' } }, /\/monitor\/pane/],
    ['a metric of another task', { ...small, task: 'extraction', gates: { metric: 'accuracy' } }, /\/gates\/metric "accuracy" does not score this task; it has: spanF1, exact/],
    ['a loss of another task', { ...small, training: { loss: 'assistantTurns' } }, /\/training\/loss "assistantTurns" is for the task generation/],
    ['several labels where there are none', { ...small, task: 'generation', labels: 'multi' }, /\/labels "multi" is for the task classification/],
    ['a time zone that is none', { ...small, retrain: { timeZone: 'Mars/Olympus' } }, /no IANA time zone/],
  ])('refuses %s and names it', (_, input, message) => expect(() => parseSpec(input)).toThrow(message));

  test('all problems are told together', () => {
    expect(() => parseSpec({ ...small, name: '-', gates: { alpha: 2 } })).toThrow(/\/name .*\/gates\/alpha/);
  });

  test.each([['30s', 30_000], ['5m', 300_000], ['6h', 21_600_000], ['30d', 2_592_000_000]])('%s is %i ms', (text, ms) => expect(milliseconds(text)).toBe(ms));
});
