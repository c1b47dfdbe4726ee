/** Stage 3: the world changes. Drift is seen, a challenger is trained, beats the champion, goes live; accuracy comes back. */
import type { Demo } from '../context.ts';
import { CHANGED, NEW_INTENTS } from '../generator/world.ts';
import { rate, show, type Score } from '../score.ts';
import { MODEL, RECOVERED_PANES } from '../spec.ts';
import { playPanes, playUntilRun } from '../traffic.ts';
import { showExam } from './exam.ts';
import { showIncidents } from './incidents.ts';

/** Share of the lost accuracy that has to come back. */
const RECOVERED = 0.5;

export async function change(demo: Demo, calm: Score): Promise<void> {
  const { client, screen, checks } = demo;
  screen.stage(3, `The world changes: ${NEW_INTENTS.length} new intents, old ones in new words`);
  const known = new Set((await client.incidents(MODEL)).map(({ id }) => id));
  const before = await client.live(MODEL);
  const changed = await playUntilRun(demo, CHANGED);
  checks.expect(rate(changed.score) < rate(calm) - 0.05, `accuracy falls from ${show(calm)} to ${show(changed.score)}`);
  const incidents = (await client.incidents(MODEL)).filter(({ id }) => !known.has(id));
  showIncidents(demo, incidents);
  checks.expect(incidents.length > 0, 'drift is detected');
  checks.need(changed.run !== null, 'a run starts by itself');
  if (changed.run === null) return;
  const run = await client.run(changed.run);
  showExam(demo, run);
  const live = await client.live(MODEL);
  checks.need(live === run.challenger && live !== before, 'the challenger beats the champion and is live');
  const back = await playPanes(demo, RECOVERED_PANES, CHANGED);
  const enough = rate(changed.score) + RECOVERED * (rate(calm) - rate(changed.score));
  checks.expect(rate(back) >= enough, `accuracy comes back: ${show(calm)}, then ${show(changed.score)}, now ${show(back)}`);
}
