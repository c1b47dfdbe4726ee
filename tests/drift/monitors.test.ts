import { describe, expect, it } from 'vitest';
import { buildReference } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { courseOf, MONITORS, NEW_LABEL, thresholdOf, type Monitor } from '../../src/drift/monitors.ts';
import { MONITOR_KINDS, TASKS } from '../../src/vocabulary.ts';
import { profileOf, referenceFor, rowsOnCourse } from './support.ts';

const monitor = (kind: string) => MONITORS.classification.find((each) => each.kind === kind) as Monitor;

it.each(TASKS)('%s: one monitor of a kind at most, and their shares of the budget are 1 together', (task) => {
  const kinds = MONITORS[task].map((each) => each.kind);
  expect(new Set(kinds).size).toBe(kinds.length);
  expect(kinds.every((kind) => MONITOR_KINDS.includes(kind))).toBe(true);
  expect(MONITORS[task].reduce((sum, each) => sum + each.weight, 0)).toBeCloseTo(1, 12);
});

it('labels are watched where they are a small closed set, form where an output has one', () => {
  const tasksWith = (kind: string) => TASKS.filter((task) => MONITORS[task].some((each) => each.kind === kind));
  expect([tasksWith('error'), tasksWith('labels'), tasksWith('format')]).toEqual([[...TASKS], ['classification', 'extraction'], ['generation']]);
});

it('thresholds follow from the budget: 30 days of 5 minutes are 8,640 panes', () => {
  const spec = parseSpec({ name: 'm', task: 'classification', serving: {}, monitor: { alarmBudget: { maxFalseAlarms: 2, per: '30d' }, pane: '5m' } });
  expect(thresholdOf(monitor('error'), spec.monitor)).toBe(8_640 / 2 / 0.5);
  const expected = MONITORS.classification.reduce((sum, each) => sum + 8_640 / thresholdOf(each, spec.monitor), 0);
  expect(expected).toBeCloseTo(2, 9);
});

describe('a course', () => {
  const reference = referenceFor('a1');
  it('allows the reference, its uncertainty and the tolerance', () => {
    const [course] = courseOf(monitor('error'), reference, 0.02) ?? [];
    expect(course?.reference).toEqual({ n: 2_000, sum: 200, squares: 200 });
    expect(course?.upper).toBeGreaterThan(0.1);
    expect(course?.upper).toBeLessThan(0.12);
    expect(course?.m).toBeCloseTo((course?.upper ?? 0) + 0.02, 12);
  });
  it('watches 1 - confidence', () => {
    const [moments] = monitor('confidence').moments(profileOf(reference, rowsOnCourse(10)));
    expect((moments?.sum ?? 0) / 10).toBeCloseTo(0.105, 5);
    expect(moments?.squares).toBeCloseTo(rowsOnCourse(10).reduce((sum, row) => sum + (1 - (row.confidence ?? 0)) ** 2, 0), 4);
  });
  it('has a stream for each label, the rarer ones, and new ones', () => {
    // three predicted labels and z, which rows truly have
    expect(courseOf(monitor('labels'), reference, 0)?.length).toBe(4 + 2);
    expect(monitor('labels').nameOf(reference, 5)).toBe(NEW_LABEL);
    expect(courseOf(monitor('labels'), reference, 0)?.[5]?.upper).toBeGreaterThan(0);
  });
  it('of scores between 0 and 1 is the mean of 1 - score, with a bound that holds for them', () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ id: `${i}`, text: 'play abba', label: ['artist'], trueLabel: ['artist', 'year'], confidence: 0.9, score: i % 4 === 0 ? 0.5 : 1 }));
    const spans = buildReference({ model: 'm', adapter: 'a', createdAt: '2026-01-01T00:00:00Z', scoring: { task: 'extraction', labelling: 'single', metric: 'spanF1' }, trainTexts: [], rows });
    const error = MONITORS.extraction.find((each) => each.kind === 'error') as Monitor;
    const [course] = courseOf(error, spans, 0.02) ?? [];
    expect(course?.reference).toEqual({ n: 400, sum: 50, squares: 25 });
    expect(course?.upper).toBeGreaterThan(0.125);
    // far below the bound of 100 errors, which the rows were not
    expect(course?.upper).toBeLessThan(0.19);
    expect(error.binary(spans)).toBe(false);
    expect(error.binary({ ...spans, scoring: { ...spans.scoring, metric: 'exact' } })).toBe(true);
  });
  it('is unknown where the reference has nothing', () => {
    const silent = referenceFor('a2', rowsOnCourse(50).map((row) => ({ ...row, confidence: null })));
    expect(courseOf(monitor('confidence'), silent, 0)).toBeNull();
    expect(courseOf(monitor('error'), silent, 0)).not.toBeNull();
  });
});
