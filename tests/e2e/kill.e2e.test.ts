/**
 * kill -9 anywhere: nothing lost, nothing twice. One data folder lives through a kill at each step boundary of a run and at
 * seeded random points (KILLS of them, ten when not set), while predictions and feedback keep coming; then all is counted.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addInto, decodeProfile, UNIT, type Profile } from '../../src/profile/index.ts';
import { verifyChain } from '../../src/promotion/records.ts';
import { verifyRecord } from '../../src/runs/record.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { openFilesystem } from '../../src/store/objects/filesystem.ts';
import { openPool, type Pool } from '../../src/store/postgres.ts';
import { home, KEY, LABELS, rows, spec } from '../runs/world.ts';
import { BOUNDARIES, named, randomPoints, type Ask, type Told } from './kill-points.ts';

const MODEL = 'killed';
const KILLS = Number(process.env['KILLS'] ?? 10);
const SEED = 20_261;
const SOON_MS = 60_000;
const POLL_MS = 40;
/** For each kill, on a busy machine. */
const KILL_MS = 60_000;

let place: Awaited<ReturnType<typeof home>>;
let data: string;
let child: ChildProcess;
let url = '';
let pool: Pool;
let stopPostgres: () => Promise<void> = () => Promise.resolve();
const texts = rows(240, 1);

beforeAll(async () => {
  place = await home();
  data = path.join(place.root, 'data');
});
afterAll(async () => {
  if (alive()) child.kill('SIGKILL');
  await pool?.end();
  await stopPostgres();
  await place.remove();
});

const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
const postmaster = () => readFileSync(path.join(data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0];

async function start(): Promise<void> {
  const env = { PATH: process.env['PATH'], TRIMTAB_DATA_DIR: data, TRIMTAB_BASE_DIR: place.root, TRIMTAB_PORT: '0', TRIMTAB_API_KEY: KEY, TRIMTAB_LOG_LEVEL: 'error', TRIMTAB_WORKERS: '1' };
  child = fork(path.join(import.meta.dirname, 'service.ts'), { env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [told] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(([code]) => { throw new Error(`the service did not start: ${String(code)}`); })])) as [Told];
  url = 'url' in told ? told.url : '';
}

/** Tells the service where to die; the number of statements that it has sent so far. */
async function arm(ask: Ask): Promise<number> {
  const answer = once(child, 'message') as Promise<[Told]>;
  child.send(ask);
  const [told] = await answer;
  return 'statements' in told ? told.statements : 0;
}

/** The answer, or null when the service died or had no place: the sender then sends the same again. */
async function call<T>(method: 'GET' | 'PUT' | 'POST', at: string, body?: object): Promise<T | null> {
  try {
    const headers = { authorization: `Bearer ${KEY}`, ...(body ? { 'content-type': 'application/json' } : {}) };
    const response = await fetch(url + at, { method, headers, signal: AbortSignal.timeout(10_000), ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    if (response.status < 500 && response.status !== 429) throw new TypeError(`${method} ${at} answered ${response.status}: ${text}`, { cause: 'refused' });
  } catch (error) {
    if (error instanceof TypeError && error.cause === 'refused') throw error;
  }
  return null;
}

interface Accepted { accepted: number; duplicates: number; refused: unknown[] }
const BATCH = 6;
const accepted: { id: string; label: string; truth: string }[] = [];
const answered = new Set<string>();
let resent = 0;

/** One batch of predictions and their feedback, each sent until it is accepted, as a careful sender does. A third of the predictions is wrong. */
const traffic = (() => {
  let next = 0;
  let pending: { at: string; body: object[]; done: () => void }[] = [];
  return async (): Promise<void> => {
    if (pending.length === 0) {
      const batch = Array.from({ length: BATCH }, () => {
        const { text, label } = texts[next % texts.length]!;
        const predicted = next % 3 === 0 ? LABELS[(LABELS.indexOf(label) + 1) % LABELS.length]! : label;
        return { id: `p-${next++}`, text, label: predicted, truth: label };
      });
      pending = [
        { at: '/v1/predictions', body: batch.map(({ id, text, label }) => ({ model: MODEL, id, input: text, label, confidence: 0.75 })), done: () => accepted.push(...batch) },
        { at: '/v1/feedback', body: batch.map(({ id, truth }) => ({ model: MODEL, id: `f-${id}`, predictionId: id, label: truth })), done: () => batch.forEach(({ id }) => answered.add(id)) },
      ];
    }
    while (pending[0]) {
      const answer = await call<Accepted>('POST', pending[0].at, pending[0].body);
      if (answer === null) return void resent++;
      expect({ sum: answer.accepted + answer.duplicates, refused: answer.refused }).toEqual({ sum: BATCH, refused: [] });
      pending.shift()!.done();
    }
  };
})();

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + SOON_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${SOON_MS / 1000} s; runs: ${JSON.stringify((await pool.query('select id, state, outcome, reason, fence from runs order by number desc limit 2')).rows)}`);
    await traffic();
    await pause(POLL_MS);
  }
}

/** Asks for a run until one is fired: an asker whose answer was lost finds his run under way. */
async function openRun(): Promise<void> {
  const before = (await pool.query('select 1 from runs')).rowCount ?? 0;
  await until('a run is opened', async () => {
    if (alive()) await call('POST', `/v1/models/${MODEL}/triggers`, { why: 'test' });
    return !alive() || (await pool.query('select 1 from runs')).rowCount! > before;
  });
}

const ended = async () => (await pool.query<{ n: number }>("select count(*) as n from runs where state <> 'done'")).rows[0]!.n === 0;

test('the service lives through every kill, and every row, run, job and record is there once', { timeout: (BOUNDARIES.length + KILLS + 3) * KILL_MS }, async () => {
  await start();
  const joined = await startEmbedded({ dir: path.join(data, 'postgres') });
  expect(joined.started).toBe(false);
  stopPostgres = joined.stop;
  pool = openPool(joined.url, { max: 3, onError: () => {} });
  const server = postmaster();
  await call('PUT', `/v1/models/${MODEL}`, spec(MODEL));
  expect(await call('POST', `/v1/models/${MODEL}/import`, texts)).toMatchObject({ accepted: texts.length });

  // the first adapter and a first watched run without a kill: what a run takes is measured on the second
  await openRun();
  await until('the first run ends', ended);
  const from = await arm({ kind: 'none' });
  await openRun();
  await until('the second run ends', ended);
  const statements = (await arm({ kind: 'none' })) - from;

  const points = [...BOUNDARIES, ...randomPoints(KILLS, statements, SEED)];
  for (const point of points) {
    const runsBefore = (await pool.query('select 1 from runs')).rowCount!;
    await arm(point);
    await openRun();
    await until(`the service is killed at ${named(point)}`, () => !alive());
    expect(child.signalCode).toBe('SIGKILL');
    expect(postmaster()).toBe(server);
    await start();
    expect(postmaster()).toBe(server);
    // killed before its trigger was stored, the run is asked for again
    if ((await pool.query('select 1 from runs')).rowCount === runsBefore) await openRun();
    const restarted = Date.now();
    await until(`the run killed at ${named(point)} ends`, ended);
    process.stdout.write(`killed at ${named(point)}; the run ended ${((Date.now() - restarted) / 1000).toFixed(1)} s after the restart\n`);
  }
  await until('the last batch is accepted', () => accepted.length === answered.size && accepted.length > 0);
  process.stdout.write(`${points.length} kills, ${statements} statements a run, ${accepted.length} predictions, ${resent} batches sent again\n`);

  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  await rowsAreThereOnce();
  await profilesEqualRows();
  await runsAreWhole(points.length + 2);
});

async function rowsAreThereOnce(): Promise<void> {
  const { rows: predictions } = await pool.query<{ id: string; label: string }>('select id, label from predictions');
  const expected = new Map(accepted.map((row) => [row.id, row]));
  expect(predictions.length).toBe(expected.size);
  expect(predictions.filter(({ id, label }) => expected.get(id)?.label !== label)).toEqual([]);
  const { rows: feedback } = await pool.query<{ id: string; prediction_id: string; label: string; first: boolean; matched_at: Date | null }>('select id, prediction_id, label, first, matched_at from feedback');
  expect(feedback.length).toBe(answered.size);
  expect(feedback.filter((f) => !answered.has(f.prediction_id) || expected.get(f.prediction_id)?.truth !== f.label || !f.first || f.matched_at === null)).toEqual([]);
  const { rows: [labelled] } = await pool.query("select count(*) as n, count(distinct id) as ids from labelled_rows where origin = 'feedback'");
  expect(labelled).toEqual({ n: answered.size, ids: answered.size });
}

async function profilesEqualRows(): Promise<void> {
  const { rows: stored } = await pool.query<{ adapter: string; profile: Uint8Array }>('select adapter, profile from pane_profiles union all select adapter, profile from pane_deltas');
  const sums = new Map<string, Profile>();
  for (const { adapter, profile } of stored) {
    const part = decodeProfile(profile);
    const sum = sums.get(adapter);
    if (sum) addInto(sum, part);
    else sums.set(adapter, part);
  }
  const { rows: counted } = await pool.query<{ adapter: string; rows: number; labelled: number; errors: number }>(
    `select p.adapter, count(*) as rows, count(f.id) as labelled, count(*) filter (where f.label <> p.label) as errors
     from predictions p left join feedback f on f.model = p.model and f.prediction_id = p.id and f.first where p.adapter is not null group by p.adapter order by p.adapter`,
  );
  const profiled = [...sums].map(([adapter, { rows: n, outcome }]) => ({ adapter, rows: n, ...outcome })).sort((a, b) => (a.adapter < b.adapter ? -1 : 1));
  const byId = (a: { adapter: string }, b: { adapter: string }) => (a.adapter < b.adapter ? -1 : 1);
  // a wrong label is a whole error: its loss and the square of it are 1
  expect(profiled).toEqual(counted.sort(byId).map((each) => ({ ...each, loss: each.errors * UNIT, squares: each.errors * UNIT })));
  expect(counted.length).toBeGreaterThan(1);
}

async function runsAreWhole(atLeast: number): Promise<void> {
  const { rows: runs } = await pool.query<{ id: string; outcome: string; promotions: number; rollbacks: number; datasets: number; adapters: number; decisions: number; outcomes: number }>(
    `select id, outcome,
       (select count(*) from promotions p where p.run_id = r.id and kind = 'promotion') as promotions,
       (select count(*) from promotions p where p.run_id = r.id and kind = 'rollback') as rollbacks,
       (select count(*) from datasets d where d.run_id = r.id) as datasets,
       (select count(*) from adapters a where a.run_id = r.id) as adapters,
       (select count(*) from records x where x.run_id = r.id and kind = 'decision') as decisions,
       (select count(*) from records x where x.run_id = r.id and kind = 'outcome') as outcomes
     from runs r order by number`,
  );
  expect(runs.length).toBeGreaterThanOrEqual(atLeast);
  // the traffic says of the live adapter what the one before it does better, so that many a watch takes the promotion back
  expect(runs.filter((r) => r.outcome !== (r.rollbacks === 1 ? 'rolled-back' : 'promoted') || r.rollbacks > 1)).toEqual([]);
  expect(runs.filter((r) => [r.promotions, r.datasets, r.adapters, r.decisions, r.outcomes].some((n) => n !== 1))).toEqual([]);
  expect((await pool.query('select count(*) as n from promotions')).rows).toEqual([{ n: runs.reduce((sum, r) => sum + 1 + r.rollbacks, 0) }]);

  // each job was started once: the service that came back found the one that its predecessor had left
  const jobs = path.join(data, 'jobs');
  const folders = existsSync(jobs) ? readdirSync(jobs) : [];
  expect(folders.filter((name) => name.includes('-train-')).sort()).toEqual(runs.map((r) => `${r.id}-train-0`).sort());
  for (const folder of folders) expect(readdirSync(path.join(jobs, folder)).filter((name) => /^process-\d+\.json$/.test(name))).toEqual(['process-1.json']);

  expect(await verifyChain(pool, MODEL)).toMatchObject({ whole: true, records: 2 * runs.length });
  const objects = openFilesystem(path.join(data, 'objects'));
  for (const { id } of (await pool.query<{ id: string }>("select id from records where kind = 'decision'")).rows) expect(await verifyRecord({ pool, objects }, id)).toEqual({ id, chain: 'whole', decision: 'same' });
}
