/** The policy under which a replay runs. */
import { parseSpec, type ModelSpec } from '../../spec.ts';
import { MINUTE } from '../../vocabulary.ts';
import type { ReplayOptions } from './options.ts';
import type { Plan } from './plan.ts';

export const REPLAY_MODEL = 'replay';
export const PANE = 10 * MINUTE;

/** Runs that every stage should have labels for. */
const RUNS_A_STAGE = 4;
const FEWEST_LABELS = 200;
/** Panes that are current. */
const WINDOW_PANES = 20;

/** A run's labels are a quarter of the smallest stage's rows; the window is twenty panes, and as many older rows are replayed. */
export function replaySpec(plan: Plan, options: Pick<ReplayOptions, 'task' | 'labelling' | 'base' | 'metric' | 'rule' | 'epochs' | 'seed'>): ModelSpec {
  const smallest = Math.min(...plan.stages.slice(1).map((stage) => stage.rows.length));
  return parseSpec({
    name: REPLAY_MODEL,
    task: options.task,
    labels: options.labelling,
    base: { model: options.base },
    serving: { target: 'builtin' },
    monitor: { pane: '10m' },
    retrain: { minLabels: Math.max(FEWEST_LABELS, Math.floor(smallest / RUNS_A_STAGE)), cooldown: '10m', maxPerDay: 1_000 },
    data: { window: `${WINDOW_PANES * 10}m`, replay: 1 },
    training: { epochs: options.epochs, seed: options.seed },
    gates: { rule: options.rule, metric: options.metric },
    rollout: { watch: '2h' },
  });
}
