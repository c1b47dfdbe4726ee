/** The demo's policy and its sizes. Everything that is not here is the product's default. */
import { MINUTE } from '../vocabulary.ts';

export const MODEL = 'support-router';

export const PANE = 10 * MINUTE;
export const PANE_ROWS = 200;
/** Labels that a run needs: eight panes of them. */
export const RUN_LABELS = 8 * PANE_ROWS;
export const IMPORT_ROWS = RUN_LABELS;
/** Rows on which two adapters are compared beside the loop, on traffic that nobody saw. */
export const CLEAN_ROWS = 600;

/** Panes of each stage. */
export const STEADY_PANES = 3;
export const RECOVERED_PANES = 2;
/** A stage that has not come to its run by then has failed. */
export const MOST_PANES = 10;

/** Share of labels that the fourth stage makes wrong. */
export const WRONG_LABELS = 0.6;

/**
 * A run needs eight panes of labels: after the steady ones, five of the changed world; after the recovered ones, six of wrong
 * labels. `data.window` is those six panes, so the window of the fourth stage holds wrong labels and nothing else.
 */
export const SPEC = {
  name: MODEL,
  task: 'classification',
  base: { model: './models/mini-encoder' },
  serving: { target: 'builtin' },
  monitor: { pane: '10m' },
  retrain: { on: ['drift', 'performance', 'labels'], minLabels: RUN_LABELS, cooldown: '10m', maxPerDay: 10 },
  data: { window: '1h' },
  rollout: { watch: '2h' },
} as const;
