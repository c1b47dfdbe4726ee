/** Stage 2: traffic as the adapter learned it. Nothing may happen. */
import type { Demo } from '../context.ts';
import { CALM } from '../generator/world.ts';
import type { Score } from '../score.ts';
import { show } from '../score.ts';
import { MODEL, STEADY_PANES } from '../spec.ts';
import { playPanes } from '../traffic.ts';

export async function steady(demo: Demo): Promise<Score> {
  const { client, screen, checks } = demo;
  screen.stage(2, 'Steady traffic');
  const calm = await playPanes(demo, STEADY_PANES, CALM);
  const incidents = await client.incidents(MODEL);
  checks.expect(incidents.length === 0, `no alarm, ${show(calm)} right`);
  return calm;
}
