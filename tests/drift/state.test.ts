import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findEffect, replayIncident, seriesEntry, type PaneProfile } from '../../src/drift/evidence.ts';
import { courseOf, MONITORS, type Monitor } from '../../src/drift/monitors.ts';
import { CHECKPOINT_EVERY, restState, resumeState, takePane, type MonitorState } from '../../src/drift/state.ts';
import { profileOf, referenceFor, rowsOnCourse } from './support.ts';

const M = [0.1, 0.3];
/** About on course: far above, every e-value would be the largest double and all replays alike. */
const count = fc.integer({ min: 0, max: 9 }).chain((n) => fc.record({ n: fc.constant(n), a: fc.integer({ min: 0, max: Math.min(1, n) }), b: fc.integer({ min: 0, max: Math.min(2, n) }) }));

it('replays bit for bit from its checkpoint, through JSON, with panes without rows left out', () => {
  fc.assert(
    fc.property(fc.array(count, { minLength: 1, maxLength: 3 * CHECKPOINT_EVERY, size: 'max' }), (panes) => {
      let state: MonitorState = restState(1, M, 0);
      let value = 0;
      panes.forEach(({ n, a, b }, i) => {
        const taken = takePane(state, i + 1, [{ n, s: a }, { n, s: b }], Infinity);
        state = JSON.parse(JSON.stringify(taken.state)) as MonitorState;
        value = taken.step.value;
      });
      const start = state.checkpoints[0] as MonitorState['checkpoints'][0];
      const series = panes.map(({ n, a, b }, i) => ({ pane: i + 1, n, sums: [[0, a], [1, b]] as const })).filter((entry) => entry.pane > start.pane && entry.n > 0);
      expect(series.length).toBeLessThan(2 * CHECKPOINT_EVERY);
      expect(value).toBeLessThan(Number.MAX_VALUE);
      expect(replayIncident({ start, series, threshold: Infinity }).value).toBe(value);
    }),
    // shrinking hundreds of panes would take minutes and show little
    { numRuns: 30, endOnFailure: true },
  );
});

it('starts anew with a promotion or other allowed means, and else goes on', () => {
  const { state } = takePane(restState(1, M, 0), 1, [{ n: 5, s: 5 }, { n: 5, s: 5 }], Infinity);
  expect(resumeState(state, 1, M, 2)).toBe(state);
  for (const other of [resumeState(null, 1, M, 2), resumeState(state, 2, M, 2), resumeState(state, 1, [0.1, 0.31], 2), resumeState(state, 1, [0.1], 2)]) {
    expect(other.checkpoints).toMatchObject([{ pane: 1 }]);
    expect(other.detector.levels.flat().every((level) => level === 0)).toBe(true);
  }
});

it('finds where the change began and how large it is', () => {
  const reference = referenceFor('a1');
  const monitor = MONITORS.classification.find((each) => each.kind === 'error') as Monitor;
  const courses = courseOf(monitor, reference, 0.02) ?? [];
  const panes: PaneProfile[] = Array.from({ length: 40 }, (_, i) => ({ pane: i + 1, profile: profileOf(reference, rowsOnCourse(60, i * 60, i < 25 ? 10 : 3)) }));
  const found = findEffect(monitor, reference, courses, panes);
  expect(found?.panes).toEqual([26, 40]);
  expect(found?.n).toBe(15 * 60);
  expect(found?.effect).toBeCloseTo(1 / 3 - 0.1, 6);
  expect(found?.interval[0]).toBeGreaterThan(0.19);
  expect(found?.interval[1]).toBeLessThan(0.28);
  // what was summed up must not have changed what was given
  expect(panes[25]?.profile).toEqual(profileOf(reference, rowsOnCourse(60, 25 * 60, 3)));
  expect(seriesEntry(monitor, panes[39] as PaneProfile)).toEqual({ pane: 40, n: 60, sums: [[0, 20]] });
});
