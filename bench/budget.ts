/** The whole model's alarm budget, measured on the shipped monitors: all four at once, on rows that are exactly as the reference's. */
import { countsOf, seriesEntry } from '../src/drift/evidence.ts';
import { resumeState, takePane } from '../src/drift/state.ts';
import { detectorOf, watchingOf } from '../src/drift/watching.ts';
import { buildReference, emptyProfile, observeOutcome, observePrediction, type ScoredRow } from '../src/profile/index.ts';
import { parseSpec } from '../src/spec.ts';
import type { BenchRow } from './row.ts';

/** Panes in the budget's period. */
const PROMISE = 500;
const TRIALS = 60;
const CUT = 4 * PROMISE;
const ROWS_A_PANE = 10;

/** A population of rows; reference and traffic are drawn from it alike. */
const POPULATION: ScoredRow[] = Array.from({ length: 2_000 }, (_, i) => ({
  id: String(i), text: i % 5 === 0 ? `word${i % 40} never trained on` : 'raise my limit', label: `label-${Math.floor(Math.sqrt(i % 64))}`,
  trueLabel: i % 10 === 3 ? 'other' : `label-${Math.floor(Math.sqrt(i % 64))}`, confidence: 1 - ((i * 7919) % 2_000 / 2_000) ** 3,
}));

/** Panes until any monitor alarms first; cut, which only lowers the mean. */
function panesToAlarm(uniform: () => number): number {
  const draw = (n: number) => Array.from({ length: n }, () => POPULATION[Math.floor(uniform() * POPULATION.length)] as ScoredRow);
  const reference = buildReference({ model: 'bench', adapter: 'bench', createdAt: '2026-01-01T00:00:00Z', trainTexts: ['raise my limit'], rows: draw(5_000) });
  const { monitor: spec } = parseSpec({ name: 'bench', task: 'classification', serving: {}, monitor: { pane: '1m', alarmBudget: { maxFalseAlarms: 1, per: `${PROMISE}m` }, tolerance: { error: 0, confidence: 0, labels: 0, unseen: 0 } } });
  const watched = watchingOf(reference, spec).map(({ courses, threshold }) => ({ courses: courses ?? [], threshold, state: resumeState(null, 1, detectorOf(courses ?? []), 1) }));
  for (let pane = 1; pane <= CUT; pane++) {
    const profile = emptyProfile(reference);
    for (const row of draw(ROWS_A_PANE)) {
      observePrediction(profile, reference, row);
      observeOutcome(profile, Number(row.label === row.trueLabel));
    }
    for (const each of watched) {
      const { state, step } = takePane(each.state, pane, countsOf(seriesEntry(each.courses, { pane, profile }), each.courses.length), each.threshold);
      each.state = state;
      if (step.alarm) return pane;
    }
  }
  return CUT;
}

export function budgetRows(uniform: () => number): BenchRow[] {
  const lengths = Array.from({ length: TRIALS }, () => panesToAlarm(uniform));
  const mean = lengths.reduce((sum, x) => sum + x, 0) / TRIALS;
  const deviation = Math.sqrt(lengths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (TRIALS - 1));
  const low = Math.round(mean - (2.326 * deviation) / Math.sqrt(TRIALS));
  return [{ name: `false alarms of a whole model, four monitors, promise ${PROMISE}, 5000 reference rows, tolerance 0: mean run length cut at ${CUT}, lower 99 % bound`, figure: low, unit: 'panes', goal: `above ${PROMISE}`, reached: low > PROMISE }];
}
