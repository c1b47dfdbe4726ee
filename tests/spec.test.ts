import { describe, expect, test } from 'vitest';
import { milliseconds, parseSpec } from '../src/spec.ts';

const small = { name: 'router', task: 'classification', serving: { target: 'builtin' } };

describe('ModelSpec', () => {
  test('name, task and serving are enough', () => {
    const spec = parseSpec(small);
    expect(spec.base.model).toBe('./models/mini-encoder');
    expect(spec.monitor.alarmBudget).toEqual({ maxFalseAlarms: 1, per: '30d' });
    expect(spec.retrain).toMatchObject({ on: ['drift', 'performance', 'labels'], minLabels: 200, cooldown: '6h', maxPerDay: 2, timeZone: 'UTC' });
    expect(spec.gates).toMatchObject({ rule: 'superior', alpha: 0.05, maxForgetting: 0.03 });
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
    ['a task that is not served yet', { ...small, task: 'generation' }, /it serves: classification/],
    ['a time zone that is none', { ...small, retrain: { timeZone: 'Mars/Olympus' } }, /no IANA time zone/],
  ])('refuses %s and names it', (_, input, message) => expect(() => parseSpec(input)).toThrow(message));

  test('all problems are told together', () => {
    expect(() => parseSpec({ ...small, name: '-', gates: { alpha: 2 } })).toThrow(/\/name .*\/gates\/alpha/);
  });

  test.each([['30s', 30_000], ['5m', 300_000], ['6h', 21_600_000], ['30d', 2_592_000_000]])('%s is %i ms', (text, ms) => expect(milliseconds(text)).toBe(ms));
});
