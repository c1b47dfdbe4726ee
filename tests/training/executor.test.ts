import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobHandle, JobStatus } from '../../src/training/index.ts';
import { emptyTail, readOn } from '../../src/training/executors/events.ts';
import { identify, isAlive } from '../../src/training/executors/process.ts';
import { createPreflight } from '../../src/training/base.ts';
import { workshop, type Workshop } from './support/setup.ts';

let dataDir: string;
let shop: Workshop;
const handles: JobHandle[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-jobs-'));
  shop = await workshop(dataDir);
});
afterAll(async () => {
  for (const handle of handles) if (isAlive(handle)) process.kill(handle.pid, 'SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

const launch = async (id: string, does: string) => {
  const handle = await shop.training.launch(shop.request(id, does));
  handles.push(handle);
  return handle;
};
const ended = (handle: JobHandle): Promise<JobStatus> =>
  vi.waitUntil(async () => {
    const status = await shop.training.poll(handle);
    return status.state === 'running' ? false : status;
  }, { timeout: 20_000, interval: 10 });
const starts = async ({ dir }: JobHandle) => (await readFile(path.join(dir, 'started'), 'utf8')).trim().split('\n').length;

describe('a job that goes well', () => {
  it('writes the contract into the folder, runs, and brings its output back', async () => {
    const handle = await launch('well', 'ok');
    expect(await ended(handle)).toMatchObject({ state: 'done', retryable: false, progress: { step: 1, loss: 1.5 } });
    const { result, predictions, adapter, baseDigest } = await shop.training.results(handle);
    expect(result.rows).toBe(2);
    expect(predictions.map(({ id }) => id)).toEqual(['1', '2']);
    expect(Buffer.from(adapter!.weights).toString()).toBe('weights of well');
    expect(Object.keys(adapter!.extra)).toEqual(['trimtab.json']);
    expect(baseDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(path.join(handle.dir, 'exam.jsonl'), 'utf8')).toBe('{"id":"1","label":"a","text":"one"}\n{"id":"2","label":"b","text":"two"}\n');
    expect(JSON.parse(await readFile(path.join(handle.dir, 'job.json'), 'utf8'))).toMatchObject({ id: 'well', base: { digest: baseDigest }, initial: false });
  });

  it('is found, not started again, by a second launch', async () => {
    const first = await launch('well', 'ok');
    expect(await starts(first)).toBe(1);
    expect(await shop.training.poll(first)).toMatchObject({ state: 'done' });
  });

  it('is one process when eight launchers race', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => launch('raced', 'waits')));
    expect(new Set(all.map(({ pid, startTicks }) => `${pid}:${startTicks}`)).size).toBe(1);
    await writeFile(path.join(all[0]!.dir, 'go'), '');
    expect(await ended(all[0]!)).toMatchObject({ state: 'done' });
    expect(await starts(all[0]!)).toBe(1);
    expect((await readdir(all[0]!.dir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('leaves no folder behind once it is forgotten, and cannot be forgotten while it runs', async () => {
    const handle = await launch('forgotten', 'waits');
    await expect(shop.training.forget(handle)).rejects.toMatchObject({ code: 'conflict' });
    await writeFile(path.join(handle.dir, 'go'), '');
    await ended(handle);
    await vi.waitUntil(() => !isAlive(handle), { timeout: 10_000 });
    await shop.training.forget(handle);
    expect((await readdir(path.join(dataDir, 'jobs'))).filter((name) => name.includes('forgotten'))).toEqual([]);
    await shop.training.forget(handle);
    expect(await shop.training.poll(handle)).toMatchObject({ state: 'lost' });
  });
});

describe('a service that is killed', () => {
  it('leaves the job running, and the next one finds it', async () => {
    const service = spawn(process.execPath, [path.join(import.meta.dirname, 'support/launch.ts'), dataDir, JSON.stringify(shop.request('outlives', 'waits'))], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: service.stdout }), 'line')) as [string];
    const handle = JSON.parse(line) as JobHandle;
    handles.push(handle);
    service.kill('SIGKILL');
    await once(service, 'exit');
    expect(await shop.training.poll(handle)).toMatchObject({ state: 'running' });
    expect(await launch('outlives', 'waits')).toEqual(handle);
    await writeFile(path.join(handle.dir, 'go'), '');
    expect(await ended(handle)).toMatchObject({ state: 'done' });
    expect(await starts(handle)).toBe(1);
  });
});

describe('a job that goes wrong', () => {
  it('is failed for good when it says so, and is not started again', async () => {
    const handle = await launch('permanent', 'permanent');
    expect(await ended(handle)).toMatchObject({ state: 'failed', retryable: false, error: 'bad-data: no such label' });
    await launch('permanent', 'permanent');
    expect(await starts(handle)).toBe(1);
  });

  it('is failed for good by exit code 42 alone', async () => {
    expect(await ended(await launch('silent', 'silent'))).toMatchObject({ state: 'failed', retryable: false });
  });

  it('may be tried again when it crashed, and shows its last words', async () => {
    const status = await ended(await launch('crash', 'crash'));
    expect(status).toMatchObject({ state: 'failed', retryable: true });
    expect(status.error).toContain('the fake engine fell over');
  });

  it('starts again when launched again, and the old error no longer counts', async () => {
    const first = await launch('again', 'preempted-once');
    expect(await ended(first)).toMatchObject({ state: 'failed', retryable: true, error: 'preempted: the machine goes away' });
    const again = await Promise.all([launch('again', 'preempted-once'), launch('again', 'preempted-once')]);
    expect(again[0].pid).not.toBe(first.pid);
    expect(again[1]).toEqual(again[0]);
    await vi.waitUntil(async () => (await shop.training.poll(first)).progress !== undefined, { timeout: 10_000 });
    process.kill(again[0].pid, 'SIGKILL');
    expect(await ended(again[0])).toMatchObject({ state: 'lost' });
    await writeFile(path.join(first.dir, 'go'), '');
    expect(await ended(await launch('again', 'preempted-once'))).toMatchObject({ state: 'done' });
    expect(await starts(first)).toBe(3);
  });

  it('is lost when it is killed, and starts again', async () => {
    const handle = await launch('killed', 'waits');
    process.kill(handle.pid, 'SIGKILL');
    expect(await ended(handle)).toMatchObject({ state: 'lost', retryable: true });
    const again = await launch('killed', 'waits');
    expect(again.pid).not.toBe(handle.pid);
    expect(await shop.training.poll(handle)).toMatchObject({ state: 'running' });
  });

  it('stops at the second cancel when it will not at the first, and is then never started again', async () => {
    const handle = await launch('stubborn', 'stubborn');
    await vi.waitUntil(async () => (await shop.training.poll(handle)).progress !== undefined, { timeout: 10_000 });
    await shop.training.cancel(handle);
    await vi.waitUntil(() => readFile(path.join(handle.dir, 'terms'), 'utf8').catch(() => ''), { timeout: 10_000 });
    expect(await shop.training.poll(handle)).toMatchObject({ state: 'running' });
    await shop.training.cancel(handle);
    expect(await ended(handle)).toMatchObject({ state: 'failed', retryable: false, error: 'cancelled' });
    expect((await launch('stubborn', 'stubborn')).pid).toBe(handle.pid);
    expect(await shop.training.poll(handle)).toMatchObject({ state: 'failed' });
  });

  it('is refused when its predictions do not follow the exam', async () => {
    const handle = await launch('short', 'short');
    await ended(handle);
    await expect(shop.training.results(handle)).rejects.toMatchObject({ code: 'job-failed' });
  });

  it('is refused when the adapter is not the one in result.json', async () => {
    const handle = await launch('swapped', 'ok');
    await ended(handle);
    await writeFile(path.join(handle.dir, 'adapter/adapter_model.safetensors'), 'other weights');
    await expect(shop.training.results(handle)).rejects.toThrow(/digest/);
  });

  it('is refused before anything is written: no base, an id that leaves the folder, nothing to train on', async () => {
    const request = shop.request('x', 'ok');
    await expect(shop.training.launch({ ...request, base: path.join(dataDir, 'nowhere') })).rejects.toMatchObject({ code: 'bad-base' });
    await expect(shop.training.launch({ ...request, id: '../x' })).rejects.toMatchObject({ code: 'bad-request' });
    await expect(shop.training.launch({ ...request, kind: 'predict' })).rejects.toMatchObject({ code: 'bad-request' });
    expect(await readdir(path.join(dataDir, 'jobs'))).not.toContain('x');
  });
});

describe('the pieces', () => {
  it('reads events as they come: torn lines wait, lines that are no events are passed over', async () => {
    const dir = await mkdtemp(path.join(dataDir, 'events-'));
    const file = path.join(dir, 'events.ndjson');
    let tail = await readOn(dir, emptyTail(1));
    expect(tail.offset).toBe(0);
    await appendFile(file, '{"type":"progress","step":1}\nnot json\nnull\n{"type":"progress","st');
    tail = await readOn(dir, tail);
    expect(tail.progress).toMatchObject({ step: 1 });
    await appendFile(file, 'ep":2,"loss":"é"}\n');
    tail = await readOn(dir, tail);
    expect(tail.progress).toMatchObject({ step: 2, loss: 'é' });
    expect(await readOn(dir, tail)).toEqual(tail);
  });

  it('tells a process from a later one of the same pid', () => {
    const me = identify(process.pid)!;
    expect(isAlive(me)).toBe(true);
    if (me.startTicks !== null) expect(isAlive({ ...me, startTicks: me.startTicks + 1 })).toBe(false);
    expect(identify(2 ** 22 + 1)).toBeNull();
  });

  it('hashes a base again only when its file changed', async () => {
    const preflight = createPreflight();
    const base = path.join(dataDir, 'base');
    const before = await preflight(base);
    expect(await preflight(base)).toEqual(before);
    await writeFile(path.join(base, 'model.safetensors'), 'other');
    expect((await preflight(base)).digest).not.toBe(before.digest);
  });
});
