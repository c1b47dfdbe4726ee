/** Jobs that are stopped and started again in their folder, and what jobs say about rows that lose something. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Preempted } from '../../../src/training/engines/tfjs/training.ts';
import { EXIT, type JobResult } from '../../../src/training/job.ts';
import { writeTinyBase } from '../../lora/tiny.ts';
import { readEvents, runHere, writeJob, type Given } from '../support/jobs.ts';

const MAIN = join(import.meta.dirname, '../../../src/training/engines/tfjs/main.ts');
let root: string;
let given: Given;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  await writeTinyBase(join(root, 'base'), ['sun', 'rain', 'play', 'stop', 'a', 'the']);
  const row = (i: number) => ({ id: `${i}`, text: `${['sun', 'rain'][i % 2]} ${['a', 'the'][(i >> 1) % 2]} ${['play', 'stop'][(i >> 2) % 2]}`, label: ['sunny', 'rainy'][i % 2] });
  const rows = Array.from({ length: 40 }, (_, i) => row(i));
  given = { job: { task: 'classification', labels: ['rainy', 'sunny'], base: { path: join(root, 'base'), digest: null } }, train: rows, exam: rows.slice(0, 6) };
});
afterAll(() => rm(root, { recursive: true }));

const digestOf = async (folder: string): Promise<string | null> => (JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')) as JobResult).adapterDigest;

test('stopped at any step and started again, a job ends with the adapter that it would have had', async () => {
  const whole = await runHere(await writeJob(join(root, 'whole'), given));
  const folder = await writeJob(join(root, 'stopped'), given);
  for (const stop of [1, 7, 3]) await expect(runHere(folder, stop)).rejects.toBeInstanceOf(Preempted);
  expect(await readdir(folder)).not.toContain('result.json');
  expect(await readdir(join(folder, 'checkpoint'))).toEqual(['state.safetensors']);
  const { result, events, predictions } = await runHere(folder);
  expect(events.filter(({ type }) => type === 'resume').map((event) => 'step' in event && event.step)).toEqual([1, 8, 11]);
  expect(result).toMatchObject({ adapterDigest: whole.result.adapterDigest, steps: 30, tokens: whole.result.tokens, finalLoss: whole.result.finalLoss });
  expect(predictions).toEqual(whole.predictions);
  expect(await readdir(folder)).not.toContain('checkpoint');
});

test('a job that is killed outright goes on from its last checkpoint in another process', async () => {
  const settings = { epochs: 40, checkpoint: { steps: 5, seconds: 1_000 } };
  const whole = await runHere(await writeJob(join(root, 'long'), { ...given, settings }));
  const folder = await writeJob(join(root, 'killed'), { ...given, settings });
  const child = spawn(process.execPath, [MAIN, folder], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await vi.waitUntil(async () => (await readFile(join(folder, 'events.ndjson'), 'utf8').catch(() => '')).includes('"checkpoint"'), { timeout: 30_000, interval: 2 });
  child.kill('SIGKILL');
  await ended;
  const [code] = (await once(spawn(process.execPath, [MAIN, folder], { stdio: 'ignore' }), 'exit')) as [number];
  expect(code).toBe(EXIT.done);
  const resumed = (await readEvents(folder)).find(({ type }) => type === 'resume');
  expect(resumed).toMatchObject({ type: 'resume' });
  expect((resumed as { step: number }).step % 5).toBe(0);
  expect(await digestOf(folder)).toBe(whole.result.adapterDigest);
});

test.each([
  ['rows that changed', async (folder: string) => writeFile(join(folder, 'train.jsonl'), given.train!.toReversed().map((row) => `${JSON.stringify(row)}\n`).join(''))],
  ['a damaged file', async (folder: string) => {
    const file = join(folder, 'checkpoint', 'state.safetensors');
    await writeFile(file, (await readFile(file)).subarray(0, 100));
  }],
])('a checkpoint of %s is left alone: the job begins anew', async (name, change) => {
  const folder = await writeJob(join(root, name.replaceAll(' ', '-')), given);
  await expect(runHere(folder, 4)).rejects.toBeInstanceOf(Preempted);
  await change(folder);
  const { events, result } = await runHere(folder);
  expect(events.some(({ type }) => type === 'resume')).toBe(false);
  expect(result.steps).toBe(30);
});

test('a probe is not tried again by a job that goes on', async () => {
  const settings = { learningRate: 'probe' as const };
  const whole = await runHere(await writeJob(join(root, 'probe'), { ...given, settings }));
  expect(whole.result.probe!.length).toBe(3);
  const folder = await writeJob(join(root, 'probe-stopped'), { ...given, settings });
  await expect(runHere(folder, 1)).rejects.toBeInstanceOf(Preempted);
  const { events, result } = await runHere(folder);
  expect(events.filter(({ type }) => type === 'rate').length).toBe(1);
  expect(result).toMatchObject({ adapterDigest: whole.result.adapterDigest, probe: whole.result.probe, learningRate: whole.result.learningRate });
});

test('rows longer than the context are cut visibly: an event and a count', async () => {
  const long = { ...given.train![0]!, text: 'sun '.repeat(40) };
  const { events, result } = await runHere(await writeJob(join(root, 'cut'), { ...given, train: [long, ...given.train!.slice(1)], exam: [long] }));
  expect(result.truncatedRows).toBe(2);
  expect(events.find(({ type }) => type === 'warning')).toMatchObject({ what: 'truncated', rows: 2, of: 41, message: expect.stringContaining('longer than 32 tokens') as string });
});

test('spans that end within a word are counted', async () => {
  const rows = [{ id: '1', text: 'sun rain', spans: [{ start: 0, end: 2, label: 'w' }] }, { id: '2', text: 'sun rain', spans: [{ start: 4, end: 8, label: 'w' }] }];
  const { events, result } = await runHere(await writeJob(join(root, 'inexact'), { ...given, job: { ...given.job, task: 'extraction', labels: ['w'] }, train: rows, exam: rows }));
  expect(result.inexactSpans).toBe(1);
  expect(events.find(({ type }) => type === 'warning')).toMatchObject({ what: 'inexact-spans', rows: 1 });
});
