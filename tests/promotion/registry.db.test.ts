import { beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/promotion/registry.ts';
import { binScores } from '../../src/statistics/confidence-bins.ts';
import { calibrationsOf } from '../../src/store/performance.ts';
import type { EventMap } from '../../src/telemetry/events.ts';
import { testDatabase } from '../support/postgres.ts';
import { filesOf, promotions } from './support.ts';

const { pool } = await testDatabase();
const { registry, clock, events, model, adapter, promoted } = await promotions(pool);
const heard: EventMap['promotion'][] = [];
events.on('promotion', (event) => heard.push(event));

const request = (name: string, runId: string, adapterId: string, expectedSeq: number | null) =>
  ({ model: name, adapter: adapterId, referenceBody: Buffer.from(`reference ${runId}`), expectedSeq, runId, reason: 'better', by: 'auto' });

describe('adapters', () => {
  beforeAll(() => model('adapters'));

  it('get numbers without gaps, also when ten runs register at once', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => adapter('adapters', `adapters-${i}`)));
    expect(all.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(all.every(({ id, version, sha256 }) => id === `adapters--v${version}-${sha256.slice(0, 8)}`)).toBe(true);
    expect((await registry.adapters('adapters')).map(({ version }) => version)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('are registered once for a run, and refuse other weights', async () => {
    const first = await adapter('adapters', 'adapters-0');
    expect(await adapter('adapters', 'adapters-0')).toEqual(first);
    const other = { model: 'adapters', runId: 'adapters-0', files: filesOf('other'), labels: ['a', 'b'], baseSha256: 'b'.repeat(64) };
    await expect(registry.registerAdapter(other)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('come back as the bytes that went in', async () => {
    const { id, files } = await adapter('adapters', 'adapters-3');
    expect(Object.keys(files).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'trimtab.json']);
    const back = await registry.adapterFiles(id);
    expect([back.config, back.weights, back.extra['trimtab.json']].map(String)).toEqual(['{}', 'weights adapters-3', 'header adapters-3']);
    expect(await registry.trainedWith(id)).toEqual({ base: './models/mini-encoder', maxNewTokens: 128 });
    await expect(registry.adapterFiles('nobody--v1-00000000')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('keep the base that their run was under when the spec moves on', async () => {
    const { id } = await adapter('adapters', 'adapters-4');
    await pool.query(`insert into triggers (id, model, reason, decision, why, evidence, created_at, decided_at) values ('t4', 'adapters', 'manual', 'fired', '', '{}', now(), now())`);
    await pool.query(`insert into runs (id, model, number, trigger_id, spec_version, state, created_at, updated_at) values ('adapters-4', 'adapters', 1, 't4', 1, 'collect', now(), now())`);
    await pool.query(`update models set spec = jsonb_set(spec, '{base,model}', '"./models/other"'), version = 2 where name = 'adapters'`);
    expect(await registry.trainedWith(id)).toEqual({ base: './models/mini-encoder', maxNewTokens: 128 });
  });
});

describe('promotion', () => {
  beforeAll(() => model('promotion'));

  it('goes from nothing live to one adapter, of two that race', async () => {
    const [a, b] = [await adapter('promotion', 'race-1'), await adapter('promotion', 'race-2')];
    expect(await registry.live('promotion')).toBeNull();
    const results = await Promise.allSettled([
      registry.promote(request('promotion', 'race-1', a.id, null)),
      registry.promote(request('promotion', 'race-2', b.id, null)),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
    const winner = results.find((result) => result.status === 'fulfilled')!.value;
    expect(await registry.live('promotion')).toEqual({ adapter: winner.adapter, reference: winner.reference, seq: 1 });
    expect(await registry.history('promotion')).toHaveLength(1);
  });

  it('is won by one of eight that saw the same champion, over two registries', async () => {
    const other = createRegistry({ pool, objects: { put: () => Promise.reject(new Error('unused')), get: () => Promise.reject(new Error('unused')), has: () => Promise.resolve(false) }, clock, events });
    const seq = (await registry.live('promotion'))!.seq;
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => adapter('promotion', `eight-${i}`)));
    const results = await Promise.allSettled(all.map(({ id }, i) => (i % 2 === 0 ? registry : other).promote(request('promotion', `eight-${i}`, id, seq))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await registry.live('promotion'))!.seq).toBe(seq + 1);
  });

  it('happens once for a run, whatever is expected the second time, also at once', async () => {
    const before = heard.length;
    const { id } = await adapter('promotion', 'once');
    const seq = (await registry.live('promotion'))!.seq;
    const both = await Promise.all([registry.promote(request('promotion', 'once', id, seq)), registry.promote(request('promotion', 'once', id, seq))]);
    expect(both.map(({ changed }) => changed).sort()).toEqual([false, true]);
    const again = await registry.promote(request('promotion', 'once', id, null));
    expect(again).toMatchObject({ changed: false, seq: seq + 1, adapter: id });
    expect((await registry.history('promotion')).filter(({ runId }) => runId === 'once')).toHaveLength(1);
    expect(heard.slice(before).map(({ adapter: which, kind }) => [which, kind])).toEqual([[id, 'promotion']]);
  });

  it('refuses an adapter of another model, and leaves nothing behind', async () => {
    await model('stranger');
    const { id } = await adapter('stranger', 'stranger');
    await expect(registry.promote(request('promotion', 'stranger', id, (await registry.live('promotion'))!.seq))).rejects.toMatchObject({ code: 'not-found' });
    expect(await registry.live('stranger')).toBeNull();
  });

  it('keeps what the confidences of the reference are worth, once', async () => {
    const { id } = await adapter('promotion', 'calibrated');
    const calibration = { metric: 'accuracy', bins: binScores([{ confidence: 0.9, score: 1 }, { confidence: 0.9, score: 0 }, { confidence: null, score: 1 }]) };
    const asked = { ...request('promotion', 'calibrated', id, (await registry.live('promotion'))?.seq ?? null), calibration };
    await registry.promote(asked);
    await registry.promote(asked);
    expect([...(await calibrationsOf(pool, 'promotion', [id], 'accuracy')).values()]).toEqual([{ reference: (await registry.live('promotion'))!.reference, ...calibration }]);
  });

  it('writes no reference when it loses', async () => {
    const { id } = await adapter('promotion', 'late');
    await expect(registry.promote(request('promotion', 'late', id, null))).rejects.toMatchObject({ code: 'conflict' });
    const { rowCount } = await pool.query('select from "references" where adapter = $1', [id]);
    expect(rowCount).toBe(0);
  });
});

describe('what was live', () => {
  it('is known for every time, and times never go back', async () => {
    await model('past');
    const start = clock.now();
    clock.advance(1000);
    const first = await promoted('past', 'past-1');
    clock.advance(1000);
    const second = await promoted('past', 'past-2');
    expect(await registry.liveAt('past', start)).toBeNull();
    expect(await registry.liveAt('past', new Date(start.getTime() + 1500))).toMatchObject({ adapter: first.adapter, seq: 1 });
    expect(await registry.liveAt('past', second.at)).toMatchObject({ adapter: second.adapter, previous: first.adapter });
    const behind = createRegistry({ pool, objects: { put: () => Promise.reject(new Error('unused')), get: () => Promise.reject(new Error('unused')), has: () => Promise.resolve(false) }, clock: { now: () => start }, events });
    const third = await behind.rollback({ model: 'past', reason: 'a slow clock', by: 'me' });
    expect(third.at).toEqual(second.at);
    expect(await registry.liveAt('past', clock.now())).toMatchObject({ adapter: first.adapter, kind: 'rollback' });
  });
});

describe('rollback', () => {
  beforeAll(() => model('back'));

  it('needs something to go back to', async () => {
    await expect(registry.rollback({ model: 'back', reason: 'r', by: 'me' })).rejects.toMatchObject({ code: 'no-live-adapter' });
    await promoted('back', 'back-1');
    await expect(registry.rollback({ model: 'back', reason: 'r', by: 'me' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('goes back with the reference, and a second one goes further back instead of to and fro', async () => {
    const [first] = await registry.history('back');
    const second = await promoted('back', 'back-2');
    const third = await promoted('back', 'back-3');
    expect(await registry.rollback({ model: 'back', reason: 'bad', by: 'me' })).toMatchObject({ adapter: second.adapter, reference: second.reference, previous: third.adapter, seq: 4, kind: 'rollback' });
    expect(await registry.rollback({ model: 'back', reason: 'bad too', by: 'me' })).toMatchObject({ adapter: first!.adapter, reference: first!.reference });
    expect(await registry.live('back')).toEqual({ adapter: first!.adapter, reference: first!.reference, seq: 5 });
    expect(await registry.rollback({ model: 'back', to: third.adapter, reason: 'it was good', by: 'me' })).toMatchObject({ adapter: third.adapter, reference: third.reference, seq: 6 });
    expect(await registry.rollback({ model: 'back', reason: 'no, bad', by: 'me' })).toMatchObject({ adapter: second.adapter });
  });

  it('refuses what was never live, what is live, and a decision that is out of date', async () => {
    const never = await adapter('back', 'back-never');
    const live = (await registry.live('back'))!;
    await expect(registry.rollback({ model: 'back', to: never.id, reason: 'r', by: 'me' })).rejects.toThrow(/never live/);
    await expect(registry.rollback({ model: 'back', to: live.adapter, reason: 'r', by: 'me' })).rejects.toThrow(/live already/);
    await expect(registry.rollback({ model: 'back', expectedSeq: live.seq - 1, reason: 'r', by: 'me' })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('happens once for a run', async () => {
    const bad = await promoted('back', 'back-4');
    const watched = { model: 'back', runId: 'back-4', expectedSeq: bad.seq, reason: 'worse', by: 'watch' };
    const [one, two] = await Promise.all([registry.rollback(watched), registry.rollback(watched)]);
    expect([one.changed, two.changed].sort()).toEqual([false, true]);
    expect(one.adapter).toBe(bad.previous);
  });
});
