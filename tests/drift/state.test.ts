import fc from 'fast-check';
import { expect, it } from 'vitest';
import { courseOf } from '../../src/drift/course.ts';
import { findEffect } from '../../src/drift/effect.ts';
import { countsOf, replayIncident, seriesEntry, type SeriesEntry } from '../../src/drift/evidence.ts';
import { monitorsFor, type Monitor } from '../../src/drift/monitors.ts';
import { CHECKPOINT_EVERY, resumeState, startOf, takePane, type MonitorState } from '../../src/drift/state.ts';
import type { PaneProfile } from '../../src/drift/streams.ts';
import { parseSpec } from '../../src/spec.ts';
import { profileOf, referenceFor, rowsOnCourse } from './support.ts';

const COURSE = { m: [[0.1], [0.3]], weights: [0.5, 0.5], divisor: 1 };
const rest = () => resumeState(null, 1, COURSE, 1);
/** About on course: far above, every e-value would be the largest double and all replays alike. */
const count = fc.integer({ min: 0, max: 9 }).chain((n) => fc.record({ n: fc.constant(n), a: fc.integer({ min: 0, max: Math.min(1, n) }), b: fc.integer({ min: 0, max: Math.min(2, n) }) }));

it('replays bit for bit from its checkpoint, through JSON, with panes without rows left out', () => {
  fc.assert(
    fc.property(fc.array(count, { minLength: 1, maxLength: 3 * CHECKPOINT_EVERY, size: 'max' }), (panes) => {
      let state: MonitorState = rest();
      let value = 0;
      panes.forEach(({ n, a, b }, i) => {
        const taken = takePane(state, i + 1, [{ n, s: a }, { n, s: b }], Infinity);
        state = JSON.parse(JSON.stringify(taken.state)) as MonitorState;
        value = taken.step.value;
      });
      const start = startOf(state);
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
  const { state } = takePane(rest(), 1, [{ n: 5, s: 5 }, { n: 5, s: 5 }], Infinity);
  expect(resumeState(state, 1, COURSE, 2)).toBe(state);
  for (const other of [resumeState(null, 1, COURSE, 2), resumeState(state, 2, COURSE, 2), resumeState(state, 1, { ...COURSE, m: [[0.1], [0.31]] }, 2), resumeState(state, 1, { ...COURSE, weights: [0.4, 0.6] }, 2), resumeState(state, 1, { ...COURSE, divisor: 2 }, 2)]) {
    expect(other.checkpoints).toMatchObject([{ pane: 1 }]);
    expect(other.detector.levels.flat().every((level) => level === 0)).toBe(true);
  }
});

it('a series says what each stream took, of other rows and of several strata too, through JSON', () => {
  const entry = JSON.parse(JSON.stringify({ pane: 1, n: 7, sums: [[1, 2], [2, 1, 5], [3, 0, 0], [4, 1, 3, 0], [4, 2, 4, 6]] })) as SeriesEntry;
  expect(countsOf(entry, 5)).toEqual([{ n: 7, s: 0 }, [{ n: 7, s: 2, stratum: 0 }], [{ n: 5, s: 1, stratum: 0 }], [{ n: 0, s: 0, stratum: 0 }], [{ n: 3, s: 1, stratum: 0 }, { n: 4, s: 2, stratum: 6 }]]);
});

it('finds where the change began, how large it is and how much of it is proven', () => {
  const reference = referenceFor('a1');
  const { monitor: policy } = parseSpec({ name: 'm', task: 'classification', serving: {} });
  const monitor = monitorsFor(reference, policy).find((each) => each.kind === 'error') as Monitor;
  const courses = courseOf(monitor, reference) ?? [];
  const panes: PaneProfile[] = Array.from({ length: 40 }, (_, i) => ({ pane: i + 1, profile: profileOf(reference, rowsOnCourse(60, i * 60, i < 25 ? 10 : 3)) }));
  const { effect, since } = findEffect(courses, panes, { threshold: 17_280 }) ?? {};
  expect(effect?.panes).toEqual([26, 40]);
  expect(since).toHaveLength(15);
  expect(effect?.n).toBe(15 * 60);
  expect(effect?.effect).toBeCloseTo(1 / 3 - 0.1, 6);
  expect(effect?.interval[0]).toBeGreaterThan(0.19);
  expect(effect?.interval[1]).toBeLessThan(0.28);
  // what is proven lies above the tolerance and below what was seen
  expect(effect?.proven).toBeGreaterThan(0.1);
  expect(effect?.proven).toBeLessThan((effect?.mean ?? 0) - (effect?.referenceUpper ?? 0));
  expect(seriesEntry(courses, panes[39] as PaneProfile)).toEqual({ pane: 40, n: 60, sums: [[0, 20]] });
  expect(findEffect(courses, panes.slice(0, 1).map(({ pane }) => ({ pane, profile: profileOf(reference, []) })), { threshold: 17_280 })).toBeNull();
});
