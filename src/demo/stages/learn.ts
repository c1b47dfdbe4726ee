/** Stage 1: a model is registered, its first labelled rows come in, and the first adapter goes live. */
import type { Demo } from '../context.ts';
import { CALM } from '../generator/world.ts';
import { IMPORT_ROWS, MODEL, SPEC } from '../spec.ts';
import { showExam } from './exam.ts';

export async function learn(demo: Demo): Promise<void> {
  const { client, service, world, screen, checks } = demo;
  screen.stage(1, 'The first labelled rows, the first adapter');
  await client.putModel(SPEC);
  const { accepted } = await client.importRows(MODEL, world.take(IMPORT_ROWS, CALM));
  screen.line('import', `${accepted.toLocaleString('en')} labelled rows`);
  await service.nextPane();
  const [run] = await client.runs(MODEL);
  checks.need(run !== undefined, 'enough labels start a run, without a human hand');
  if (run === undefined) return;
  showExam(demo, run);
  const live = await client.live(MODEL);
  checks.need(live !== null && live === run.challenger, 'the first adapter is live');
}
