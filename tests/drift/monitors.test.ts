import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../src/spec.ts';
import { courseOf, MONITORS, NEW_LABEL, thresholdOf, type Monitor } from '../../src/drift/monitors.ts';
import { MONITOR_KINDS } from '../../src/vocabulary.ts';
import { profileOf, referenceFor, rowsOnCourse } from './support.ts';

const monitor = (kind: string) => MONITORS.find((each) => each.kind === kind) as Monitor;

it('there is one monitor of each kind, and their shares of the budget are 1 together', () => {
  expect(MONITORS.map((each) => each.kind)).toEqual([...MONITOR_KINDS]);
  expect(MONITORS.reduce((sum, each) => sum + each.weight, 0)).toBeCloseTo(1, 12);
});

it('thresholds follow from the budget: 30 days of 5 minutes are 8,640 panes', () => {
  const spec = parseSpec({ name: 'm', task: 'classification', serving: {}, monitor: { alarmBudget: { maxFalseAlarms: 2, per: '30d' }, pane: '5m' } });
  expect(thresholdOf(monitor('error'), spec.monitor)).toBe(8_640 / 2 / 0.5);
  const expected = MONITORS.reduce((sum, each) => sum + 8_640 / thresholdOf(each, spec.monitor), 0);
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
  it('is unknown where the reference has nothing', () => {
    const silent = referenceFor('a2', rowsOnCourse(50).map((row) => ({ ...row, confidence: null })));
    expect(courseOf(monitor('confidence'), silent, 0)).toBeNull();
    expect(courseOf(monitor('error'), silent, 0)).not.toBeNull();
  });
});
