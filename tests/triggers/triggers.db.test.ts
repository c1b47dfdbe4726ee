import { runMigrations } from 'graphile-worker';
import { beforeAll, expect, test } from 'vitest';
import { VirtualClock } from '../../src/clock.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { openPool, transaction } from '../../src/store/postgres.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { createTriggers } from '../../src/triggers/index.ts';
import { DAY, HOUR, MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool, url } = await testDatabase();
const START = new Date('2026-05-10T00:00:00Z');
beforeAll(() => runMigrations({ pgPool: pool }));

/** A model in a time of its own, with triggers that speak for nobody else: the others are deleted. */
async function scene(name: string, retrain: object) {
  await pool.query('delete from models');
  const clock = new VirtualClock(START);
  await transaction(pool, (db) => putModel(db, parseSpec({ name, task: 'classification', serving: {}, retrain }), START));
  clock.advance(MINUTE);
  const events = createEvents();
  const told: string[] = [];
  events.on('trigger:decided', ({ reason, decision }) => told.push(`${reason} ${decision}`));
  const triggers = createTriggers({ pool, clock, events });
  let labelled = 0;
  return {
    clock,
    triggers,
    told,
    label: async (n: number) => {
      for (const end = labelled + n; labelled < end; labelled++) {
        await pool.query("insert into labelled_rows (model, id, origin, text, label, labelled_at) values ($1, $2, 'import', $2, 'a', $3)", [name, `row-${labelled}`, clock.now()]);
      }
    },
    rows: async () => (await triggers.list({ model: name, limit: 100 })).reverse(),
    runs: async () => (await pool.query<{ id: string; trigger_id: string }>('select id, trigger_id from runs where model = $1 order by number', [name])).rows,
    finish: (outcome = 'promoted') => pool.query("update runs set state = 'done', outcome = $2, finished_at = now() where model = $1 and state <> 'done'", [name, outcome]),
    alarm: (id: string, monitor: string, alarms = 1) =>
      pool.query(
        `insert into incidents (id, model, monitor, adapter, reference, pane, state, evidence, alarms, opened_at, last_alarm_at) values ($1, $2, $3, '', '', 1, 'open', '{}', $4, $5, $5)
         on conflict (id) do update set alarms = excluded.alarms`,
        [id, name, monitor, alarms, clock.now()],
      ),
    change: (id: string, set: string, value: unknown) => pool.query(`update incidents set ${set} = $2 where id = $1`, [id, value]),
  };
}

test('a due time fires once over two replicas that tick at the same moment, and queues one job', async () => {
  const { clock, triggers, label, rows, runs } = await scene('schedule', { schedule: '0 3 * * *', minLabels: 2, on: [] });
  const otherPool = openPool(url, { max: 4, onError: () => {} });
  const other = createTriggers({ pool: otherPool, clock, events: createEvents() });
  await label(2);
  await triggers.tick();
  expect(await rows()).toEqual([]);
  clock.advance(3 * HOUR);
  await Promise.all([triggers.tick(), other.tick(), triggers.tick(), other.tick()]);
  await otherPool.end();
  expect(await rows()).toMatchObject([{ reason: 'schedule', decision: 'fired', runId: 'schedule-r1', evidence: { due: '2026-05-10T03:00:00.000Z' } }]);
  expect(await runs()).toHaveLength(1);
  const jobs = await pool.query("select 1 from graphile_worker.jobs where key = 'run:schedule-r1'");
  expect(jobs.rowCount).toBe(1);
});

test('what was due before the model existed, and what is declined, does not come back at the next tick', async () => {
  const { clock, triggers, rows } = await scene('early', { schedule: '0 0 * * *', minLabels: 5 });
  await triggers.tick();
  expect(await rows()).toEqual([]);
  clock.advance(DAY);
  await triggers.tick();
  await triggers.tick();
  expect(await rows()).toMatchObject([{ decision: 'declined', runId: null }]);
});

test('while a run is under way other reasons are coalesced into it', async () => {
  const { triggers, rows, runs, label, alarm } = await scene('busy', { minLabels: 1 });
  const ask = (why: string) => triggers.request({ model: 'busy', reason: 'manual', why, evidence: { ticket: 7 }, source: 'anna' });
  expect(await ask('first')).toMatchObject({ decision: 'fired', runId: 'busy-r1', evidence: { ticket: 7, why: 'first', source: 'anna' } });
  expect(await ask('second')).toMatchObject({ decision: 'coalesced', runId: 'busy-r1' });
  await label(3);
  await alarm('i1', 'error');
  await triggers.tick();
  expect((await rows()).map((t) => `${t.reason} ${t.decision}`)).toEqual(expect.arrayContaining(['performance coalesced']));
  expect((await rows()).every((t) => t.runId === 'busy-r1')).toBe(true);
  expect(await runs()).toHaveLength(1);
  await expect(triggers.request({ model: 'nobody', reason: 'manual', why: '', evidence: {}, source: '' })).rejects.toMatchObject({ code: 'not-found' });
});

test('outside the window a reason waits, is shown once however often we tick, and fires inside it', async () => {
  const { clock, triggers, rows, runs, label, alarm, told } = await scene('window', { minLabels: 1, on: ['drift'], window: '02:00-04:00' });
  await label(1);
  await alarm('i2', 'confidence');
  for (let i = 0; i < 3; i++) await triggers.tick();
  expect(await rows()).toMatchObject([{ reason: 'drift', decision: 'waiting', why: expect.stringContaining('02:00-04:00') as string }]);
  clock.advance(2 * HOUR);
  await triggers.tick();
  expect(await rows()).toMatchObject([{ reason: 'drift', decision: 'fired', runId: 'window-r1' }]);
  expect(await runs()).toHaveLength(1);
  expect(told).toEqual(['drift waiting', 'drift fired']);
});

test('what waits together rides on the run of the first that may start, and each is told once', async () => {
  const { clock, triggers, rows, runs, label, alarm, told } = await scene('riding', { minLabels: 1, on: ['drift', 'performance'], window: '02:00-04:00' });
  await label(1);
  await alarm('i3', 'confidence');
  await alarm('i4', 'error');
  await triggers.tick();
  clock.advance(2 * HOUR);
  await triggers.tick();
  const after = await rows();
  expect(after.map((t) => t.decision).sort()).toEqual(['coalesced', 'fired']);
  expect(after.map((t) => t.runId)).toEqual(['riding-r1', 'riding-r1']);
  expect(after.find((t) => t.decision === 'coalesced')?.why).toMatch(/run riding-r1 was started for/);
  expect(await runs()).toHaveLength(1);
  expect(told.filter((line) => !line.endsWith('waiting')).sort()).toHaveLength(2);
});

test('cooldown, the limit of a day and new labels hold a signal back until they are over', async () => {
  const { clock, triggers, rows, runs, label, finish, alarm } = await scene('limits', { minLabels: 2, on: ['drift'], cooldown: '6h', maxPerDay: 2 });
  await label(1);
  await alarm('i5', 'unseen');
  await triggers.tick();
  expect((await rows())[0]).toMatchObject({ decision: 'waiting', why: expect.stringContaining('1 new labelled rows of the 2') as string });
  await label(1);
  await triggers.tick();
  expect(await runs()).toHaveLength(1);
  await finish();
  clock.advance(HOUR);
  await label(2);
  await alarm('i5', 'unseen', 2);
  await triggers.tick();
  expect((await rows()).at(-1)).toMatchObject({ decision: 'waiting', why: expect.stringContaining('cooldown of 6h') as string });
  clock.advance(5 * HOUR);
  await triggers.tick();
  expect(await runs()).toHaveLength(2);
  await finish();
  await alarm('i5', 'unseen', 3);
  clock.advance(7 * HOUR);
  await label(2);
  await triggers.tick();
  expect((await rows()).at(-1)).toMatchObject({ decision: 'waiting', why: expect.stringContaining('maxPerDay is 2') as string });
  clock.advance(12 * HOUR);
  await triggers.tick();
  expect(await runs()).toHaveLength(3);
});

test('on: [] only observes: each alarm is stored as declined, once', async () => {
  const { triggers, rows, runs, label, alarm } = await scene('observe', { minLabels: 1, on: [] });
  await label(5);
  await alarm('i6', 'error');
  await triggers.tick();
  await triggers.tick();
  expect(await rows()).toMatchObject([{ reason: 'performance', decision: 'declined', runId: null, evidence: { incident: 'i6', alarms: 1 } }]);
  await alarm('i6', 'error', 2);
  await triggers.tick();
  await triggers.tick();
  expect(await rows()).toHaveLength(2);
  expect(await runs()).toEqual([]);
});

test('enough labels are a reason; a further alarm of an incident whose reason waits joins it', async () => {
  const { clock, triggers, rows, runs, label, finish, alarm } = await scene('labels', { minLabels: 3, on: ['labels', 'drift'], cooldown: '1h' });
  await label(2);
  await triggers.tick();
  expect(await rows()).toEqual([]);
  await label(1);
  await triggers.tick();
  expect(await rows()).toMatchObject([{ reason: 'labels', decision: 'fired', evidence: { labels: 3 } }]);
  await finish();
  clock.advance(MINUTE);
  await label(3);
  for (let i = 0; i < 3; i++) await triggers.tick();
  expect(await rows()).toMatchObject([{}, { reason: 'labels', decision: 'waiting' }]);
  await alarm('i7', 'labels');
  await triggers.tick();
  await alarm('i7', 'labels', 2);
  await triggers.tick();
  expect((await rows()).map((t) => t.decision).sort()).toEqual(['coalesced', 'fired', 'waiting', 'waiting']);
  clock.advance(HOUR);
  await triggers.tick();
  expect(await runs()).toHaveLength(2);
  expect((await rows()).every((t) => t.decision !== 'waiting')).toBe(true);
});

test('a model whose spec went bad in the store does not silence the others', async () => {
  const { clock, triggers, rows, label } = await scene('sound', { schedule: '0 3 * * *', minLabels: 1, on: [] });
  await transaction(pool, (db) => putModel(db, parseSpec({ name: 'broken', task: 'classification', serving: {}, retrain: { schedule: '0 3 * * *' } }), START));
  await pool.query(`update models set spec = jsonb_set(spec, '{retrain,schedule}', '"nonsense"') where name = 'broken'`);
  await label(1);
  clock.advance(4 * HOUR);
  await expect(triggers.tick()).rejects.toThrow();
  expect(await rows()).toMatchObject([{ decision: 'fired' }]);
});

test('a muted incident is no reason until the mute ends; one with errors in it is one of performance, one of broken columns alone is none', async () => {
  const { clock, triggers, rows, alarm, change } = await scene('muted', { minLabels: 1 });
  await alarm('m1', 'labels');
  await change('m1', 'muted_until', new Date(clock.now().getTime() + HOUR));
  await alarm('m2', 'contract.amount');
  await triggers.tick();
  expect(await rows()).toEqual([]);
  clock.advance(HOUR);
  await change('m2', 'joined', ['contract.country']);
  await triggers.tick();
  expect(await rows()).toMatchObject([{ reason: 'drift', evidence: { incident: 'm1' } }]);
  await change('m2', 'joined', ['contract.country', 'error']);
  // triggers come in the order of their times
  clock.advance(MINUTE);
  await triggers.tick();
  expect((await rows()).slice(1)).toMatchObject([{ reason: 'performance', evidence: { incident: 'm2' } }]);
});
