/** Production traffic, one pane at a time: the next pane is sent only after the last is judged and no run is on its way. */
import type { Demo } from './context.ts';
import type { Mixture, Utterance } from './generator/world.ts';
import { add, NO_SCORE, score, show, type Score } from './score.ts';
import { MODEL, MOST_PANES, PANE_ROWS } from './spec.ts';

export interface PaneResult {
  readonly score: Score;
  readonly adapter: string;
}

/** Makes the labels that the service is told of what was meant; they are right unless a stage says otherwise. */
export type Telling = (meant: readonly Utterance[]) => readonly Utterance[];

const TRUTH: Telling = (meant) => meant;

/** Sends one pane through the API, tells its labels, and lets the service judge it. */
export async function playPane(demo: Demo, mixture: Mixture, tell: Telling = TRUTH): Promise<PaneResult> {
  const meant = demo.world.take(PANE_ROWS, mixture);
  const answer = await demo.client.predict(MODEL, meant.map((row) => row.text));
  const told = tell(meant);
  const outcome = await demo.client.feedback(
    answer.predictions.map(({ id }, i) => ({ model: MODEL, predictionId: id, label: told[i]?.label ?? '' })),
  );
  if (outcome.accepted !== meant.length) throw new Error(`${outcome.accepted} of ${meant.length} feedbacks were accepted: ${JSON.stringify(outcome.refused[0])}`);
  const result = { adapter: answer.adapter, score: score(meant, answer.predictions.map((p) => p.label)) };
  demo.screen.line('traffic', `${PANE_ROWS} rows, ${show(result.score)} right`);
  await demo.service.nextPane();
  return result;
}

/** Plays a fixed number of panes; their scores summed. */
export async function playPanes(demo: Demo, count: number, mixture: Mixture): Promise<Score> {
  let total = NO_SCORE;
  for (let i = 0; i < count; i += 1) total = add(total, (await playPane(demo, mixture)).score);
  return total;
}

/** Plays panes until a run has ended that had not begun before, or `MOST_PANES` are over. */
export async function playUntilRun(demo: Demo, mixture: Mixture, tell?: Telling): Promise<{ score: Score; panes: number; run: string | null }> {
  const before = new Set((await demo.client.runs(MODEL)).map((run) => run.id));
  let total = NO_SCORE;
  for (let panes = 1; panes <= MOST_PANES; panes += 1) {
    total = add(total, (await playPane(demo, mixture, tell)).score);
    const run = (await demo.client.runs(MODEL)).find(({ id }) => !before.has(id));
    if (run !== undefined) return { score: total, panes, run: run.id };
  }
  return { score: total, panes: MOST_PANES, run: null };
}
