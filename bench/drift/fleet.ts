/**
 * A whole model on course: 50 columns of features and 20 segments under one budget, with the shipped profiles, monitors and detectors. The traffic is drawn
 * from the same population as the reference, with tolerance 0 everywhere, so that every alarm is a false one and nothing but the bounds is in the way.
 */
import { countsOf, seriesEntry } from '../../src/drift/evidence.ts';
import { resumeState, takePane } from '../../src/drift/state.ts';
import { detectorOf, watchingOf } from '../../src/drift/watching.ts';
import { buildReference, emptyProfile, observeOutcome, observePrediction, partName, type ScoredRow } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import type { BenchRow } from '../row.ts';
import type { Uniform } from './laws.ts';
import type { Workers } from './workers.ts';

export interface FleetJob {
  readonly kind: 'fleet';
  /** In the budget's period, for which one false alarm is allowed. */
  readonly panes: number;
  readonly rowsOfPane: number;
  readonly reference: number;
  readonly trials: number;
}

const COLUMNS = 50;
const SEGMENTS = 20;
const POPULATION = 3_000;
const NOTHING = { error: 0, confidence: 0, labels: 0, unseen: 0, format: 0, mean: 0, share: 0, newValues: 0, missing: 0, mistyped: 0 };

/** Thirty numbers of various shapes and twenty categories, some of them missing now and then. */
function featuresOf(uniform: Uniform): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: COLUMNS }, (_, i) => {
    if (uniform() < 0.02) return [`column${i}`, null];
    return [`column${i}`, i < 30 ? (i % 3 === 0 ? -Math.log(1 - uniform()) : uniform() ** (1 + (i % 4))) : `value${Math.floor(uniform() ** 2 * (3 + i % 9))}`];
  }));
}

function populationOf(uniform: Uniform): ScoredRow[] {
  return Array.from({ length: POPULATION }, (_, i) => {
    const label = `label-${Math.floor(uniform() ** 2 * 8)}`;
    return {
      id: String(i), text: uniform() < 0.1 ? `word${i % 40} never trained on` : 'raise my limit', label, trueLabel: uniform() < 0.1 ? 'other' : label,
      confidence: 1 - uniform() ** 3, segment: `segment${i % SEGMENTS}`, features: featuresOf(uniform), parts: [partName('segment', `segment${i % SEGMENTS}`)],
    };
  });
}

/** False alarms of one period of the whole model: every alarm of every monitor. */
export function fleetAlarms({ panes, rowsOfPane, reference: size }: FleetJob, uniform: Uniform): number {
  const population = populationOf(uniform);
  const draw = () => population[Math.floor(uniform() * population.length)] as ScoredRow;
  const reference = buildReference({
    model: 'bench', adapter: 'bench', createdAt: '2026-01-01T00:00:00Z', trainTexts: ['raise my limit'],
    parting: { segments: ['segment'], season: null, clusterKey: null }, rows: Array.from({ length: size }, draw),
  });
  const { monitor } = parseSpec({ name: 'bench', task: 'classification', serving: {}, monitor: { pane: '1m', alarmBudget: { maxFalseAlarms: 1, per: `${panes}m` }, tolerance: NOTHING } });
  const watched = watchingOf(reference, monitor).map(({ courses, threshold }) => ({ courses: courses ?? [], threshold, state: resumeState(null, 1, detectorOf(courses ?? []), 1) }));
  let alarms = 0;
  for (let pane = 1; pane <= panes; pane++) {
    const profile = emptyProfile(reference);
    for (let i = 0; i < rowsOfPane; i++) {
      const row = draw();
      observePrediction(profile, reference, row);
      observeOutcome(profile, Number(row.label === row.trueLabel), row.parts);
    }
    for (const each of watched) {
      const { state, step } = takePane(each.state, pane, countsOf(seriesEntry(each.courses, { pane, profile }), each.courses.length), each.threshold);
      each.state = state;
      if (step.alarm) alarms++;
    }
  }
  return alarms;
}

export async function fleetRows(workers: Workers, { panes, trials }: { panes: number; trials: number }): Promise<BenchRow[]> {
  const alarms = await workers.run({ kind: 'fleet', panes, rowsOfPane: 100, reference: 5_000, trials });
  const mean = alarms.reduce((sum, each) => sum + each, 0) / alarms.length;
  return [{
    name: `false alarms of a whole model, ${COLUMNS} columns and ${SEGMENTS} segments under one budget of 1 in 30 days of ${panes.toLocaleString('en')} panes, tolerance 0, reference 5,000, ${trials} periods: mean of a period`,
    figure: Number(mean.toFixed(3)), unit: 'alarms', goal: '1 or fewer', reached: mean <= 1,
  }];
}
