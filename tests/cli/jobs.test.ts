/** train, eval and predict from files alone, on a tiny base: the real engine. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { home, rows } from '../runs/world.ts';
import { keep } from './context.ts';

let place: Awaited<ReturnType<typeof home>>;
let dir: string;
beforeAll(async () => {
  place = await home();
  dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-cli-jobs-'));
  const csv = (count: number, seed: number) => `text,label\n${rows(count, seed).map(({ text, label }) => `${text},${label}`).join('\n')}\n,music\n`;
  await writeFile(path.join(dir, 'train.csv'), csv(240, 1));
  await writeFile(path.join(dir, 'exam.csv'), csv(90, 2));
});
afterAll(async () => {
  await place.remove();
  await rm(dir, { recursive: true, force: true });
});

const cli = async (...args: string[]) => {
  const kept = keep({ baseDir: place.root, dataDir: path.join(dir, 'data'), workers: 1 });
  const code = await run(args, kept);
  return { code, ...kept };
};
const file = (name: string) => path.join(dir, name);
const training = (to: string, epochs: string) => ['train', file('train.csv'), '--to', file(to), '--base', 'base', '--epochs', epochs, '--rate', '0.01', '--r', '4', '--max-length', '16', '--json'];

test('train, examine, compare, predict', async () => {
  const good = await cli(...training('good', '8'));
  expect(good).toMatchObject({ code: 0, errors: [expect.stringContaining('row 241: column "text" is empty')] });
  const { exam, result } = JSON.parse(good.lines[0] ?? '') as { exam: { rows: number; score: number }; result: { rows: number } };
  expect(exam.rows).toBe(48);
  expect(exam.score).toBeGreaterThan(0.9);
  expect(result.rows).toBe(192);
  expect((await cli(...training('untrained', '0.1'))).code).toBe(0);

  const better = await cli('eval', file('exam.csv'), '--adapter', file('good'), '--against', file('untrained'), '--json');
  expect(better.code).toBe(0);
  const judged = JSON.parse(better.lines[0] ?? '') as { metric: string; n: number; score: number; evaluation: { verdict: string } };
  expect(judged).toMatchObject({ metric: 'accuracy', n: 90, evaluation: { verdict: 'promote' } });
  expect(judged.score).toBeGreaterThan(0.95);
  const worse = await cli('eval', file('exam.csv'), '--adapter', file('untrained'), '--against', file('good'));
  expect(worse.code).toBe(1);
  expect(worse.lines.join('\n')).toMatch(/verdict +(reject|not-enough-evidence)/);

  const answer = await cli('predict', file('good'), 'the song please play now band', '--json');
  expect(JSON.parse(answer.lines[0] ?? '')).toMatchObject({ label: 'music' });
});

test('a wrong call is told before anything is computed, and writes nothing', async () => {
  expect(await cli('train', file('train.csv'))).toMatchObject({ code: 2, errors: [expect.stringContaining('--to')] });
  expect((await cli('train', file('train.csv'), '--to', dir)).errors[0]).toContain('exists');
  expect((await cli('train', file('train.csv'), '--to', file('x'), '--epochs', 'many')).errors[0]).toContain('/training/epochs');
  expect((await cli('train', file('nowhere.csv'), '--to', file('x'))).errors[0]).toContain('nowhere.csv');
  expect((await cli('predict', dir, 'hi')).errors[0]).toContain('adapter_config.json');
  await expect(access(file('x'))).rejects.toThrow();
});
