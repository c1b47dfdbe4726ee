/** Stage 4: 60 % of one window's labels are wrong. The next challenger is refused, and that was right. */
import { random } from '../../lora/random.ts';
import type { Demo } from '../context.ts';
import { ALL_INTENTS, CHANGED, createWorld, spoil } from '../generator/world.ts';
import { rate, score, show } from '../score.ts';
import { CLEAN_ROWS, MODEL, WRONG_LABELS } from '../spec.ts';
import { playUntilRun } from '../traffic.ts';
import { showExam } from './exam.ts';

/** How much worse, on clean traffic, the refused challenger must be. */
const WORSE = 0.05;

export async function noise(demo: Demo): Promise<string | null> {
  const { client, service, screen, checks, seed } = demo;
  screen.stage(4, `${100 * WRONG_LABELS} % of one window's labels are made wrong`);
  const champion = await client.live(MODEL);
  const uniform = random(seed, 'demo wrong labels');
  const played = await playUntilRun(demo, CHANGED, (meant) => spoil(meant, WRONG_LABELS, ALL_INTENTS, uniform));
  checks.need(played.run !== null, 'a run starts by itself');
  if (played.run === null) return null;
  const run = await client.run(played.run);
  showExam(demo, run);
  checks.expect(run.outcome === 'rejected' || run.outcome === 'not-enough-evidence', 'the challenger is refused, with the reason');
  checks.expect((await client.live(MODEL)) === champion, 'the champion is still live');
  if (run.challenger === null || champion === null) {
    checks.need(false, 'the refused adapter can be looked at');
    return null;
  }
  const clean = createWorld(seed, 'clean').take(CLEAN_ROWS, CHANGED);
  const texts = clean.map((row) => row.text);
  const [refused, kept] = [score(clean, await service.answer(MODEL, run.challenger, texts)), score(clean, await service.answer(MODEL, champion, texts))];
  screen.line('champion', `${show(kept)} right on ${CLEAN_ROWS} rows of clean traffic`);
  screen.line('refused', `${show(refused)} right on the same rows`);
  checks.expect(rate(kept) - rate(refused) >= WORSE, `refusing was right: it is ${(100 * (rate(kept) - rate(refused))).toFixed(1)} points worse`);
  return run.id;
}
