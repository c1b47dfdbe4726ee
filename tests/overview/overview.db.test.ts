/** What people look at and do, over HTTP on the whole service: two real runs, traffic, labels from the queue, the audit. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEntry, Dataset, FleetRow, LabelQueue, Prediction, RunCourse, RunExam, Timeline, Trigger, Verification } from '../../src/http/api.ts';
import { insertIncident, resolveIncident } from '../../src/store/incidents.ts';
import { TINY } from '../lora/tiny.ts';
import { testDatabase } from '../support/postgres.ts';
import { home, LABELS, rows, service, spec } from '../runs/world.ts';

const { url, pool } = await testDatabase();
let place: Awaited<ReturnType<typeof home>>;
let world: Awaited<ReturnType<typeof service>>;
const ids: string[] = [];
const PANES = 4;
const TOLD = 30;

const get = async <T>(path: string) => {
  const { status, body } = await world.call<T>('GET', path);
  expect([path, status]).toEqual([path, 200]);
  return body;
};

async function run(): Promise<string> {
  const { body } = await world.call<Trigger>('POST', '/v1/models/router/triggers', { why: 'to look at' });
  await world.app.parts.runs.advance(body.runId as string);
  return body.runId as string;
}

/** A pane of 40 rows, of which 30 are told; closed by the clock. */
async function pane(seed: number): Promise<void> {
  const meant = rows(40, seed);
  const { body } = await world.call<{ predictions: { id: string }[] }>('POST', '/v1/models/router/predict', { texts: meant.map(({ text }) => text), segment: 'web' });
  await world.call('POST', '/v1/feedback', body.predictions.slice(0, TOLD).map(({ id }, i) => ({ model: 'router', predictionId: id, label: meant[i]?.label })) as unknown as object);
  world.clock.advance(2_000);
  await world.app.parts.drift.closeDuePanes();
}

beforeAll(async () => {
  place = await home();
  world = await service(url, place.root);
  await world.call('PUT', '/v1/models/router', spec('router', { retrain: { on: [], minLabels: 1, schedule: '0 3 * * 1' } }));
  await world.call('PUT', '/v1/models/quiet', spec('quiet'));
  await world.call('POST', '/v1/models/router/import', rows(240, 1) as unknown as object);
  ids.push(await run());
  for (let i = 0; i < PANES; i++) await pane(10 + i);
  ids.push(await run());
});
afterAll(async () => {
  await world.app.stop();
  await place.remove();
});

test('the fleet: what is live, its quality in production with its interval, the next schedule, the run under way', async () => {
  const [quiet, router] = await get<readonly FleetRow[]>('/v1/fleet');
  expect(quiet).toMatchObject({ model: 'quiet', live: null, quality: null, nextSchedule: null, run: null });
  expect(router).toMatchObject({ model: 'router', task: 'classification', live: { version: 2 }, nextSchedule: '2026-05-11T03:00:00.000Z', run: { id: ids[1], state: 'watch' }, incidents: [] });
  // the second adapter has answered nothing yet: what is known of it is its exam
  expect(router?.quality).toMatchObject({ source: 'exam' });
  const { score, interval: [low, high], n } = router?.quality as NonNullable<FleetRow['quality']>;
  expect(low <= score && score <= high && n > 0).toBe(true);
  await pane(50);
  const [, after] = await get<readonly FleetRow[]>('/v1/fleet');
  expect(after?.quality).toMatchObject({ source: 'production', n: TOLD });
});

test('the time line adds up to the rows, whatever the number of points, and has what happened beside them', async () => {
  const whole = await get<Timeline>('/v1/models/router/timeline');
  const sum = (column: readonly number[]) => column.reduce((a, b) => a + b, 0);
  expect([whole.panes, whole.at.length, sum(whole.rows), sum(whole.labelled)]).toEqual([PANES + 1, PANES + 1, 40 * (PANES + 1), TOLD * (PANES + 1)]);
  expect(whole.at).toEqual([...whole.at].sort((a, b) => a - b));
  whole.score.forEach((score, i) => expect((whole.low[i] as number) <= (score as number) && (score as number) <= (whole.high[i] as number)).toBe(true));
  expect(whole.monitors.map(({ monitor }) => monitor)).toContain('error');
  for (const { share } of whole.monitors) expect(share).toHaveLength(whole.at.length);
  expect(whole.promotions.map(({ kind, seq }) => [kind, seq])).toEqual([['promotion', 2], ['promotion', 1]]);
  expect(whole.runs.map(({ number }) => number)).toEqual([2, 1]);

  const coarse = await get<Timeline>('/v1/models/router/timeline?points=2');
  expect([coarse.at.length <= 2, coarse.panes, sum(coarse.rows), sum(coarse.labelled)]).toEqual([true, PANES + 1, sum(whole.rows), sum(whole.labelled)]);
  const [from, to] = [whole.at[1], whole.at[2]].map((seconds) => new Date((seconds as number) * 1000).toISOString());
  const part = await get<Timeline>(`/v1/models/router/timeline?since=${from}&until=${to}`);
  expect([part.at, part.rows]).toEqual([whole.at.slice(1, 3), whole.rows.slice(1, 3)]);
  expect((await world.call('GET', `/v1/models/router/timeline?since=${to}&until=${from}`)).status).toBe(400);
  await world.call('PUT', '/v1/models/fresh', spec('fresh'));
  expect(await get<Timeline>('/v1/models/fresh/timeline')).toMatchObject({ whole: null, at: [], promotions: [] });
});

test('figures leave with their panes', async () => {
  await pool.query("insert into panes (model, pane, opened_at, closed_at) values ('quiet', 900, now(), now())");
  await pool.query("insert into pane_figures (model, pane, adapter, rows, labelled, loss, squares, confident, confidence, unseen_rows, unseen) values ('quiet', 900, 'a', 1, 0, 0, 0, 0, 0, 0, 0)");
  await pool.query("insert into monitor_values (model, pane, monitor, value, threshold, alarm) values ('quiet', 900, 'error', 0, 1, false)");
  await pool.query("delete from panes where model = 'quiet' and pane = 900");
  expect((await pool.query("select 1 from pane_figures where model = 'quiet' union all select 1 from monitor_values where model = 'quiet'")).rowCount).toBe(0);
});

test('a run from near: why it began, its stages, the course of its training, and counted costs', async () => {
  const course = await get<RunCourse>(`/v1/runs/${ids[1]}/course`);
  expect(course.trigger).toMatchObject({ reason: 'manual', why: 'asked for (manual)' });
  expect(course.steps.map(({ state }) => state)).toEqual(['collect', 'train', 'evaluate', 'rollout', 'watch']);
  const trained = course.progress.filter(({ state }) => state === 'train');
  expect(trained.length).toBeGreaterThan(0);
  expect(trained.at(-1)?.step).toBe(trained.at(-1)?.steps);
  expect(trained.every(({ step }, i) => i === 0 || step > (trained[i - 1]?.step as number))).toBe(true);
  const { cost, result } = course;
  expect(cost?.trained).toBe(result?.trainableParameters);
  expect((cost?.adapterBytes as number) > 0 && (cost?.baseBytes as number) > 0).toBe(true);
  // Each of the base's linear layers once: attention's four of a layer, and the two behind it.
  expect(cost?.full).toBe(TINY.layers * (4 * TINY.d * TINY.d + 2 * TINY.d * TINY.m));
  expect((await world.call('GET', '/v1/runs/none/course')).status).toBe(404);
});

test('the exam to read: against the champion, with counts that are those of the evaluation', async () => {
  const { evaluation } = await get<{ evaluation: { flipped: { better: number; worse: number } } }>(`/v1/runs/${ids[1]}`);
  const wrong = await get<RunExam>(`/v1/runs/${ids[1]}/exam?kind=wrong&limit=500`);
  expect(wrong).toMatchObject({ opponent: 'champion', metric: 'accuracy' });
  expect(wrong.examples).toHaveLength(wrong.wrong);
  for (const { challenger, truth, text } of wrong.examples) expect([challenger.score, challenger.answer === truth, text.length > 0]).toEqual([0, false, true]);
  // all rows are of the window here
  expect([wrong.better, wrong.worse]).toEqual([evaluation.flipped.better, evaluation.flipped.worse]);
  expect(wrong.byLabel.reduce((n, each) => n + each.n, 0)).toBe(wrong.rows);
  expect(wrong.byLabel.map(({ label }) => label).sort()).toEqual([...LABELS].sort());
  const first = await get<RunExam>(`/v1/runs/${ids[0]}/exam?limit=1`);
  expect(first).toMatchObject({ opponent: 'trivial', examples: [{ opponent: { confidence: null, score: 0 }, challenger: { score: 1 } }] });
  expect((await world.call('GET', '/v1/runs/none/exam')).status).toBe(404);
});

test('datasets with their lineage, and the rows themselves', async () => {
  const [second, first] = await get<readonly Dataset[]>('/v1/models/router/datasets');
  expect([second?.parents, first?.parents]).toEqual([[first?.id], []]);
  expect(await get<Dataset>(`/v1/datasets/${first?.id}`)).toEqual(first);
  const exam = await get<{ id: string; window: boolean }[]>(`/v1/datasets/${first?.id}/rows?part=exam&limit=3&offset=1`);
  expect(exam).toHaveLength(3);
  expect(exam[0]).toMatchObject({ window: expect.any(Boolean) as boolean });
});

test('a record is verified as the command does it', async () => {
  const [record] = await get<{ id: string }[]>('/v1/models/router/records?limit=500').then((list) => list.slice(-1));
  expect(await get<Verification>(`/v1/records/${record?.id}/verification`)).toEqual({ id: record?.id, chain: 'whole', decision: 'same' });
});

test('the queue: unlabelled predictions alone, the least sure of each answer in turns; labels from it teach and never measure', async () => {
  const queue = await get<LabelQueue>('/v1/models/router/queue?limit=100');
  const { rows: unlabelled } = await pool.query<{ id: string; label: string; confidence: number }>("select id, label, confidence from predictions p where adapter = $1 and not exists (select from feedback f where f.prediction_id = p.id)", [queue.adapter]);
  expect(queue.labels).toEqual([...LABELS].sort());
  expect(queue.lookedAt).toBe(unlabelled.length);
  expect(queue.rows.length).toBeGreaterThan(0);
  const known = new Map(unlabelled.map((row) => [row.id, row]));
  expect(queue.rows.every(({ id }) => known.has(id))).toBe(true);
  const answers = new Set(unlabelled.map(({ label }) => label)).size;
  const turn = queue.rows.slice(0, answers);
  expect(new Set(turn.map(({ answer }) => answer)).size).toBe(answers);
  for (const { answer, confidence } of turn) expect(confidence).toBe(Math.min(...unlabelled.filter(({ label }) => label === answer).map((row) => row.confidence)));

  const [chosen, skipped] = queue.rows as [LabelQueue['rows'][number], LabelQueue['rows'][number]];
  const deltas = async () => (await pool.query("select 1 from pane_deltas where model = 'router'")).rowCount;
  const before = await deltas();
  expect((await world.call('POST', '/v1/feedback', [{ model: 'router', predictionId: chosen.id, label: 'music', chosen: true }] as unknown as object)).body).toMatchObject({ accepted: 1 });
  expect(await deltas()).toBe(before);
  expect((await pool.query('select 1 from outcomes where prediction_id = $1', [chosen.id])).rowCount).toBe(0);
  expect((await pool.query('select chosen, label from labelled_rows where id = $1', [chosen.id])).rows).toEqual([{ chosen: true, label: 'music' }]);
  const skip = await world.app.http.inject({ method: 'POST', url: '/v1/models/router/queue/skip', headers: { authorization: `Bearer ${'k'.repeat(40)}` }, payload: { predictionId: skipped.id } });
  expect(skip.statusCode).toBe(204);
  const after = (await get<LabelQueue>('/v1/models/router/queue?limit=100')).rows.map(({ id }) => id);
  expect([after.includes(chosen.id), after.includes(skipped.id)]).toEqual([false, false]);

  const [fair] = (await get<LabelQueue>('/v1/models/router/queue?by=chance&limit=3')).rows;
  await world.call('POST', '/v1/feedback', [{ model: 'router', predictionId: fair?.id, label: 'music' }] as unknown as object);
  expect(await deltas()).toBe((before ?? 0) + 1);
  expect(await get<LabelQueue>('/v1/models/quiet/queue')).toMatchObject({ adapter: null, rows: [] });
  expect((await world.call<readonly Prediction[]>('POST', '/v1/models/router/predictions/find', { ids: [chosen.id, 'nobody', skipped.id] })).body).toMatchObject([
    { id: chosen.id, truth: 'music', segment: 'web' }, { id: skipped.id, truth: null },
  ]);
});

test('what an open incident names is asked first and says why; once it is resolved, no more', async () => {
  const way = '/v1/models/router/queue?limit=100';
  const before = await get<LabelQueue>(way);
  const [last] = before.rows.slice(-1) as [LabelQueue['rows'][number]];
  await insertIncident(pool, { id: 'moved-1', model: 'router', monitor: 'unseen', level: 'log', adapter: before.adapter ?? '', reference: 'r', pane: 1, evidence: { sampleIds: [], texts: { sampleIds: ['dropped', last.id] } }, now: world.clock.now() });
  const { rows: queued } = await get<LabelQueue>(way);
  expect(queued[0]).toMatchObject({ id: last.id, incident: 'moved-1', why: 'moved in incident moved-1' });
  expect(queued.slice(1).every(({ id, incident }) => incident === null && id !== last.id)).toBe(true);
  expect((await get<LabelQueue>('/v1/models/router/queue?by=chance')).rows.every(({ incident }) => incident === null)).toBe(true);
  await resolveIncident(pool, 'moved-1', 'mended', 'ana', world.clock.now());
  expect((await get<LabelQueue>(way)).rows).toEqual(before.rows);
});

test('webhooks are administered on the record: what came of it stands there, a secret never does', async () => {
  const put = await world.call<{ secret: string }>('PUT', '/v1/webhooks/sources/etl', { format: 'standard', model: 'router' });
  const ops = await world.call<{ secret: string }>('PUT', '/v1/webhooks/endpoints/ops', { url: 'https://hooks.example/services/HIDDEN', target: 'slack', types: ['rollback'] });
  await world.call('POST', '/v1/webhooks/endpoints/ops/disable', { reason: 'too loud' });
  await world.call('PUT', '/v1/webhooks/endpoints/ops', { url: 'https://other.example/services/HIDDEN', target: 'slack', types: ['rollback'] });
  await world.call('PUT', '/v1/webhooks/endpoints/ops', { url: 'https://10.0.0.1/HIDDEN' });
  await world.call('DELETE', '/v1/webhooks/endpoints/ops');
  await world.call('DELETE', '/v1/webhooks/sources/etl');
  const entries = await get<readonly AuditEntry[]>('/v1/audit?limit=7');
  expect(entries.map(({ action, model, subject, reason, outcome, detail }) => [action, model, subject, reason, outcome, detail]).reverse()).toEqual([
    ['put-source', 'router', 'etl', null, 'done', 'registered: standard, proves itself by standard, with a new secret'],
    ['put-endpoint', null, 'ops', null, 'done', 'registered: slack, hooks.example'],
    ['disable-endpoint', null, 'ops', 'too loud', 'done', null],
    ['put-endpoint', null, 'ops', null, 'done', 'changed and enabled: slack, other.example'],
    ['put-endpoint', null, 'ops', null, 'bad-request', null],
    ['remove-endpoint', null, 'ops', null, 'done', null],
    ['remove-source', 'router', 'etl', null, 'done', null],
  ]);
  for (const secret of ['HIDDEN', put.body.secret, ops.body.secret]) expect(JSON.stringify(entries)).not.toContain(secret);
});

test('the audit has every action with its reason and how it ended; a refusal, too', async () => {
  expect((await world.call('POST', '/v1/models/router/rollback', { reason: 'complaints' })).status).toBe(200);
  expect((await world.call('POST', `/v1/runs/${ids[0]}/approve`, { reason: 'too late' })).status).toBe(409);
  const [refused, rolledBack, ...older] = await get<readonly AuditEntry[]>('/v1/audit?model=router');
  expect(rolledBack).toMatchObject({ who: 'bootstrap', role: 'admin', action: 'rollback', model: 'router', reason: 'complaints', outcome: 'done' });
  expect(refused).toMatchObject({ action: 'approve', subject: ids[0], reason: 'too late', outcome: 'conflict' });
  expect(older.map(({ action }) => action)).toEqual(['remove-source', 'put-source', 'retrain', 'retrain', 'put-model']);
  expect(await get<readonly AuditEntry[]>(`/v1/audit?model=router&before=${rolledBack?.id}&limit=1`)).toEqual(older.slice(0, 1));
  expect((await get<Timeline>('/v1/models/router/timeline')).promotions[0]).toMatchObject({ kind: 'rollback', reason: 'complaints', by: 'bootstrap' });
});
