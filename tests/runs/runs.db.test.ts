/** The state machine with its real parts: import over HTTP, a real training job, gates, promotion, records. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { canonicalJson, sha256 } from '../../src/canonical.ts';
import { judge } from '../../src/evaluation/gates.ts';
import { decodeReference } from '../../src/profile/index.ts';
import { GENESIS } from '../../src/promotion/records.ts';
import { verifyRecord, type DecisionBody } from '../../src/runs/record.ts';
import type { ScoredBin } from '../../src/statistics/confidence-bins.ts';
import { getRun, moveRun } from '../../src/store/runs.ts';
import type { TriggerRow } from '../../src/store/triggers.ts';
import type { EventMap } from '../../src/telemetry/events.ts';
import { isAlive } from '../../src/training/executors/process.ts';
import type { JobHandle } from '../../src/training/index.ts';
import { testDatabase } from '../support/postgres.ts';
import { home, rows, service, spec } from './world.ts';

const { url, pool } = await testDatabase();
let place: Awaited<ReturnType<typeof home>>;
let world: Awaited<ReturnType<typeof service>>;
let rejecting = false;
beforeAll(async () => {
  place = await home();
  world = await service(url, place.root, { judge: (judged) => ({ ...judge(judged), ...(rejecting ? { verdict: 'reject' as const, reason: 'refused' } : {}) }) });
});
afterAll(async () => {
  await world.app.stop();
  await place.remove();
});

const runs = () => world.app.parts.runs;
const verify = (id: string) => verifyRecord({ pool, objects: world.app.parts.objects }, id);
const live = async (model: string) => (await world.app.parts.registry.live(model))?.adapter ?? null;

async function model(name: string, over: Readonly<Record<string, object>> = {}, labelled = 240): Promise<void> {
  expect((await world.call('PUT', `/v1/models/${name}`, spec(name, over))).status).toBeLessThan(300);
  const imported = await world.call<{ accepted: number }>('POST', `/v1/models/${name}/import`, rows(labelled, 1));
  expect(imported.body).toMatchObject({ accepted: labelled, refused: [] });
}

async function open(name: string): Promise<string> {
  const { status, body } = await world.call<TriggerRow>('POST', `/v1/models/${name}/triggers`, { why: 'test' });
  expect({ status, decision: body.decision }).toEqual({ status: 201, decision: 'fired' });
  return body.runId as string;
}

async function played(name: string) {
  const id = await open(name);
  await runs().advance(id);
  return runs().get(id);
}

test('from imported rows to a promoted adapter, with records that can be verified, and found out when tampered with', async () => {
  await model('loop');
  const run = await played('loop');
  expect(run).toMatchObject({ state: 'done', outcome: 'promoted', attempt: 0, champion: null });
  expect(run.steps.map((s) => s.state)).toEqual(['collect', 'train', 'evaluate', 'rollout', 'done']);
  expect(await live('loop')).toBe(run.challenger);
  // the exam rows by bins of confidence are those of the reference
  const known = (await pool.query<{ bins: ScoredBin[]; body: Uint8Array }>(`select c.bins, r.body from live l join calibrations c on c.reference = l.reference join "references" r on r.id = l.reference where l.model = 'loop'`)).rows[0]!;
  const { profile } = decodeReference(known.body);
  expect([known.bins.reduce((n, bin) => n + bin.n, 0), known.bins.reduce((sum, bin) => sum + bin.score, 0)]).toEqual([profile.rows, profile.rows - profile.outcome.errors]);
  const answer = await world.call<{ predictions: { label: string }[] }>('POST', '/v1/models/loop/predict', { texts: ['the song please play now band'] });
  expect(answer.body.predictions).toMatchObject([{ label: 'music' }]);

  const told: EventMap['run:state'][] = [];
  const stop = world.app.parts.events.on('run:state', (event) => void told.push(event));
  const again = await played('loop');
  stop();
  expect(again).toMatchObject({ state: 'watch', outcome: null, champion: run.challenger });
  // a promotion that is being watched says why it was one
  expect(told.at(-1)).toMatchObject({ state: 'watch', outcome: null, reason: (again.evaluation as { reason: string }).reason });
  await runs().watchAll();
  expect((await runs().get(again.id)).state).toBe('watch');
  world.clock.advance(1_000);
  await runs().watchAll();
  expect(await runs().get(again.id)).toMatchObject({ state: 'done', outcome: 'promoted' });

  const { rows: records } = await pool.query<{ id: string; kind: string; body: string; previous: string }>("select id, kind, body, previous from records where model = 'loop' order by seq");
  expect(records.map((r) => r.kind)).toEqual(['decision', 'outcome', 'decision', 'outcome']);
  for (const { id, kind } of records) expect(await verify(id)).toEqual({ id, chain: 'whole', decision: kind === 'decision' ? 'same' : 'none' });

  // a verdict rewritten by somebody who also repairs the hash: the chain of one record is whole, the decision is not
  const first = records[0]!;
  const changed = JSON.parse(first.body) as { content: DecisionBody };
  const rewritten = canonicalJson({ ...changed, content: { ...changed.content, evaluation: { ...changed.content.evaluation, verdict: 'reject' } } });
  await pool.query('update records set body = $2, hash = $3 where id = $1', [first.id, rewritten, sha256(GENESIS + rewritten)]);
  expect(await verify(first.id)).toMatchObject({ decision: 'different', chain: expect.stringContaining('broken at record 2') as string });
  await pool.query('update records set body = $2, hash = $3 where id = $1', [first.id, first.body, sha256(GENESIS + first.body)]);
  expect(await verify(first.id)).toMatchObject({ decision: 'same', chain: 'whole' });

  const { challengerSheet } = changed.content.evaluation!.basis;
  await writeFile(path.join(place.root, 'data', 'objects', challengerSheet.slice(0, 2), challengerSheet.slice(2)), '[]');
  await expect(verify(first.id)).rejects.toThrow(/do not match its name/);
});

test('a reference has the features, segments and seasons of the predictions that its exam rows were', async () => {
  expect((await world.call('PUT', '/v1/models/wide', spec('wide', { data: { dedupe: 'exact', examShare: 0.9 }, monitor: { pane: '2s', segments: ['language'], seasonKey: 'hourOfDay' } }))).status).toBeLessThan(300);
  const told = rows(680, 1);
  const predictions = told.map(({ id, text, label }, i) => ({ model: 'wide', id, input: text, label, features: { amount: i % 50, language: i % 4 === 0 ? 'de' : 'en' }, occurredAt: '2026-05-09T07:30:00Z' }));
  expect((await world.call('POST', '/v1/predictions', predictions)).body).toMatchObject({ accepted: 680 });
  expect((await world.call('POST', '/v1/feedback', told.map(({ id, label }) => ({ model: 'wide', predictionId: id, label })))).body).toMatchObject({ accepted: 680 });
  expect(await played('wide')).toMatchObject({ outcome: 'promoted' });
  const { rows: found } = await pool.query<{ body: Uint8Array }>(`select r.body from live l join "references" r on r.id = l.reference where l.model = 'wide'`);
  const { columns, divisions, profile } = decodeReference(found[0]!.body);
  expect(columns.map(({ name, source }) => [name, source])).toEqual([['@input', 'exam'], ['amount', 'exam'], ['language', 'exam']]);
  expect(divisions).toEqual([{ kind: 'segment', by: 'language', values: ['en', 'de'] }, { kind: 'season', by: 'hourOfDay', timeZone: 'UTC' }]);
  expect(profile.rows).toBeGreaterThan(500);
  expect(profile.columns.get('amount')).toMatchObject({ count: profile.rows, nulls: 0 });
  expect(profile.parts.get('hourOfDay=7')?.outcome.labelled).toBe(profile.rows);
  expect((profile.parts.get('language=en')?.rows ?? 0) + (profile.parts.get('language=de')?.rows ?? 0)).toBe(profile.rows);
});

test('approve: manual rests until a person lets it through, once', async () => {
  await model('asked', { rollout: { approve: 'manual', watch: '1s' } });
  const run = await played('asked');
  expect(run).toMatchObject({ state: 'rollout', rollout: { waiting: 'approval' } });
  expect(await live('asked')).toBeNull();
  expect(await runs().idle()).toBe(true);
  await runs().advance(run.id);
  expect((await runs().get(run.id)).fence).toBe(run.fence);
  // it still holds the model: the next asker joins it
  expect((await world.call<TriggerRow>('POST', '/v1/models/asked/triggers', { why: 'test' })).body.decision).toBe('coalesced');

  const both = await Promise.allSettled([runs().approve(run.id, 'anna'), runs().approve(run.id, 'ben')]);
  expect(both.filter((b) => b.status === 'fulfilled')).toHaveLength(1);
  await runs().advance(run.id);
  expect(await runs().get(run.id)).toMatchObject({ state: 'done', outcome: 'promoted' });
  const { rows: promotions } = await pool.query<{ by: string }>("select by from promotions where model = 'asked'");
  expect(promotions).toEqual([{ by: both[0].status === 'fulfilled' ? 'anna' : 'ben' }]);
  expect((await world.call('POST', `/v1/runs/${run.id}/approve`)).status).toBe(409);
});

test('a cancelled run ends at once, its job too, and the next run may begin', async () => {
  await model('stopped', { training: { epochs: 100_000 } });
  const id = await open('stopped');
  const advancing = runs().advance(id);
  const job = await vi.waitFor(async () => {
    const found = (await runs().get(id)).job as { train: { pid: number; startTicks: number } } | null;
    if (!found) throw new Error('no job yet');
    return found.train;
  }, { timeout: 30_000 });
  expect((await world.call<{ outcome: string }>('POST', `/v1/runs/${id}/cancel`)).body.outcome).toBe('cancelled');
  await advancing;
  await vi.waitFor(() => { expect(isAlive(job)).toBe(false); }, { timeout: 30_000 });
  expect(await runs().get(id)).toMatchObject({ state: 'done', outcome: 'cancelled', challenger: null });
  expect(await live('stopped')).toBeNull();
  expect((await world.call('POST', `/v1/runs/${id}/cancel`)).status).toBe(409);
  const next = await open('stopped');
  expect((await runs().cancel(next, 'test')).outcome).toBe('cancelled');
  await runs().advance(next);
  expect((await runs().get(next)).steps.map((s) => s.state)).toEqual(['collect', 'done']);
});

test('a run that is cancelled while its job is being launched takes the job along', async () => {
  await model('raced', { training: { epochs: 100_000 } });
  const id = await open('raced');
  const { training } = world.app.parts;
  const launched: JobHandle[] = [];
  const launch = vi.spyOn(training, 'launch').mockImplementation(async (request) => {
    launch.mockRestore();
    const handle = await training.launch(request);
    launched.push(handle);
    // between the launch and the row that would have known of it
    await runs().cancel(id, 'test');
    return handle;
  });
  await runs().advance(id);
  expect(await runs().get(id)).toMatchObject({ state: 'done', outcome: 'cancelled', job: null });
  await vi.waitFor(() => { expect(isAlive(launched[0]!)).toBe(false); }, { timeout: 30_000 });
  expect((await training.poll(launched[0]!)).state).toBe('failed');
});

test('cancelled during the exam, the champion\'s job is cancelled too', async () => {
  await model('examined');
  const first = await played('examined');
  expect(first.outcome).toBe('promoted');
  const id = await open('examined');
  const { training } = world.app.parts;
  const cancelled: string[] = [];
  const real = training.poll.bind(training);
  const cancel = vi.spyOn(training, 'cancel').mockImplementation(async ({ dir }) => void cancelled.push(path.basename(dir)));
  const poll = vi.spyOn(training, 'poll').mockImplementation(async (handle) => {
    if (path.basename(handle.dir).includes('-champion-')) await runs().cancel(id, 'test').catch(() => {});
    return real(handle);
  });
  await runs().advance(id);
  poll.mockRestore();
  cancel.mockRestore();
  expect(await runs().get(id)).toMatchObject({ state: 'done', outcome: 'cancelled' });
  expect(cancelled).toEqual([`${id}-train-0`, expect.stringContaining(`${id}-champion-`) as string]);
});

test('only failures in a row end a run: a step that succeeds wipes them out', async () => {
  await model('shaky');
  const id = await open('shaky');
  const { training, target } = world.app.parts;
  const fails = (what: string) => () => Promise.reject(new Error(what));
  const launch = vi.spyOn(training, 'launch').mockImplementationOnce(fails('no launch')).mockImplementationOnce(fails('no launch'));
  for (let i = 0; i < 2; i += 1) await expect(runs().advance(id)).rejects.toThrow('no launch');
  const probe = vi.spyOn(target, 'probe').mockImplementation(fails('no probe'));
  // two failures in train and two in rollout are four, but never three in a row
  for (let i = 0; i < 2; i += 1) await expect(runs().advance(id)).rejects.toThrow('no probe');
  expect((await runs().get(id)).state).toBe('rollout');
  await runs().advance(id);
  expect(await runs().get(id)).toMatchObject({ state: 'done', outcome: 'failed', reason: 'rollout failed 3 times: no probe' });
  launch.mockRestore();
  probe.mockRestore();
});

test('a rejected challenger leaves the champion where it is; too few rows end a run in words', async () => {
  const champion = await live('loop');
  rejecting = true;
  const run = await played('loop').finally(() => (rejecting = false));
  expect(run).toMatchObject({ state: 'done', outcome: 'rejected', reason: 'refused', champion });
  expect(run.challenger).not.toBe(champion);
  expect(await live('loop')).toBe(champion);

  await model('few', {}, 6);
  const starved = await played('few');
  expect(starved).toMatchObject({ state: 'done', outcome: 'failed', reason: expect.stringContaining('at least 20') as string });
});

test('two replicas that advance at once have one effect; who holds an old fence writes nothing', async () => {
  const other = await service(url, place.root);
  await model('fenced');
  const id = await open('fenced');
  const before = (await getRun(pool, id))!;
  await Promise.all([runs().advance(id), other.app.parts.runs.advance(id), runs().advance(id)]);
  await other.app.stop();
  const run = await runs().get(id);
  expect(run).toMatchObject({ state: 'done', outcome: 'promoted' });
  expect(run.steps.map((s) => s.state)).toEqual(['collect', 'train', 'evaluate', 'rollout', 'done']);
  expect(await moveRun(pool, before, 'train', {}, world.clock.now(), {})).toBeNull();
  const { rows: counts } = await pool.query("select (select count(*) from promotions where model = 'fenced') as promotions, (select count(*) from adapters where model = 'fenced') as adapters, (select count(*) from records where model = 'fenced') as records");
  expect(counts).toEqual([{ promotions: 1, adapters: 1, records: 2 }]);
});
