import { beforeEach, describe, expect, it } from 'vitest';
import { replayIncident, type Incident } from '../../src/drift/index.ts';
import { decodeProfile, merge } from '../../src/profile/index.ts';
import { lockModel, transaction } from '../../src/store/postgres.ts';
import { MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { addDelta, MODEL, playPane, profileOf, promote, referenceFor, register, rowsOnCourse, START, world } from './support.ts';

const { pool } = await testDatabase();
const A1 = 'router--v1-aaaaaaaa';
const A2 = 'router--v2-bbbbbbbb';

beforeEach(async () => {
  await pool.query('truncate models, "references", pane_deltas, pane_profiles, predictions, feedback, labelled_rows cascade');
});

const panes = async () => (await pool.query<{ pane: number; closed: boolean }>('select pane, closed_at is not null as closed from panes where model = $1 order by pane', [MODEL])).rows;
const everything = async () => {
  const tables = ['panes', 'pane_deltas', 'pane_profiles', 'monitors', 'incidents'];
  return Promise.all(tables.map(async (table) => (await pool.query(`select * from ${table} order by 1, 2`)).rows));
};

describe('closing panes', () => {
  it('waits for the length of a pane, of the spec in force', async () => {
    await register(pool);
    const { drift, clock } = world(pool);
    clock.advance(5 * MINUTE - 1);
    expect(await drift.closeDuePanes()).toEqual([]);
    await register(pool, { pane: '1m' });
    expect(await drift.closeDuePanes()).toMatchObject([{ model: MODEL, pane: 1, rows: 0, steps: [], live: null }]);
    expect(await panes()).toEqual([{ pane: 1, closed: true }, { pane: 2, closed: false }]);
    clock.advance(MINUTE - 1);
    expect(await drift.closeDuePanes()).toEqual([]);
  });

  it('folds deltas into profiles that equal the rows, for each adapter, and steps the live one alone', async () => {
    await register(pool);
    const old = await promote(pool, A1, 1, START);
    const live = await promote(pool, A2, 2, START);
    const { drift, clock, told } = world(pool);
    const rows = rowsOnCourse(2_500);
    for (const row of rows) await addDelta(pool, A2, profileOf(live, [row]));
    await addDelta(pool, A1, profileOf(old, rows.slice(0, 7)));
    clock.advance(6 * MINUTE);
    const [closed] = await drift.closeDuePanes();
    expect(closed).toMatchObject({ rows: 2_507, labelled: 2_507, errors: 251, opened: [] });
    expect(closed?.steps.map((step) => step.monitor)).toEqual(['error', 'confidence', 'labels', 'unseen']);
    const { rows: stored } = await pool.query<{ adapter: string; profile: Uint8Array }>('select adapter, profile from pane_profiles order by adapter');
    expect(stored.map((each) => each.adapter)).toEqual([A1, A2]);
    expect(decodeProfile((stored[0] as { profile: Uint8Array }).profile)).toEqual(profileOf(old, rows.slice(0, 7)));
    expect(decodeProfile((stored[1] as { profile: Uint8Array }).profile)).toEqual(profileOf(live, rows));
    expect((await pool.query('select from pane_deltas')).rowCount).toBe(0);
    const { rows: monitors } = await pool.query<{ reference: string }>('select distinct reference from monitors');
    expect(monitors).toEqual([{ reference: `${A2}-reference` }]);
    expect(told.map((each) => each.type)).toEqual(['pane:closed', 'monitor:step', 'monitor:step', 'monitor:step', 'monitor:step']);
  });

  it('lets one of two closers win, and both may go on', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const [one, two] = [world(pool), world(pool)];
    for (let pane = 1; pane <= 8; pane++) {
      await addDelta(pool, A1, profileOf(reference, rowsOnCourse(10, pane * 10)));
      for (const each of [one, two]) each.clock.advance(5 * MINUTE);
      const closed = (await Promise.all([one.drift.closeDuePanes(), two.drift.closeDuePanes(), one.drift.closeDuePanes()])).flat();
      expect(closed.map((each) => each.pane)).toEqual([pane]);
    }
    const { rows } = await pool.query<{ profile: Uint8Array }>('select profile from pane_profiles order by pane');
    expect(rows.map((row) => decodeProfile(row.profile)).reduce(merge)).toEqual(profileOf(reference, rowsOnCourse(80, 10)));
  });

  it('waits for the transactions under way; what comes later enters the open pane', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const { drift, clock } = world(pool);
    clock.advance(5 * MINUTE);
    const ingest = await pool.connect();
    await ingest.query('begin');
    await lockModel(ingest, 'pane', MODEL, 'shared');
    const closing = drift.closeDuePanes();
    // the closer must be seen waiting, else the order below would prove nothing
    for (let waiting = 0; waiting === 0; ) waiting = (await pool.query(`select from pg_locks where locktype = 'advisory' and not granted`)).rowCount ?? 0;
    await addDelta(ingest, A1, profileOf(reference, rowsOnCourse(3)));
    await ingest.query('commit');
    ingest.release();
    expect(await closing).toMatchObject([{ pane: 1, rows: 3 }]);
    await transaction(pool, async (db) => {
      await lockModel(db, 'pane', MODEL, 'shared');
      await addDelta(db, A1, profileOf(reference, rowsOnCourse(2)));
    });
    clock.advance(5 * MINUTE);
    expect(await drift.closeDuePanes()).toMatchObject([{ pane: 2, rows: 2 }]);
  });

  it('changes nothing when it is killed after the fold, and closes the same pane at the next try', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const first = world(pool);
    await playPane(pool, first, A1, reference, rowsOnCourse(20));
    await addDelta(pool, A1, profileOf(reference, rowsOnCourse(30, 20)));
    first.clock.advance(5 * MINUTE);
    const before = await everything();
    // the last monitor's write breaks the transaction, as a kill would
    await pool.query(`create function broken() returns trigger language plpgsql as $$ begin if new.monitor = 'unseen' then raise 'killed'; end if; return new; end $$;
                      create trigger broken before insert or update on monitors for each row execute function broken()`);
    await expect(first.drift.closeDuePanes()).rejects.toMatchObject({ errors: [{ message: 'killed' }] });
    await pool.query('drop function broken() cascade');
    expect(await everything()).toEqual(before);
    expect(await first.drift.closeDuePanes()).toMatchObject([{ pane: 2, rows: 30 }]);
  });

  it('is fenced: a monitor that took a pane does not take it again', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    await playPane(pool, here, A1, reference, rowsOnCourse(20));
    await pool.query('update monitors set pane = 2');
    await expect(playPane(pool, here, A1, reference, rowsOnCourse(20))).rejects.toMatchObject({ errors: [{ code: 'fenced' }] });
    expect(await panes()).toHaveLength(2);
  });

  it('closes the other models when one of them fails', async () => {
    await register(pool);
    await register(pool, {}, 'a-first');
    await register(pool, {}, 'z-last');
    await promote(pool, A1, 1, START);
    await pool.query(`update "references" set body = 'broken'`);
    const here = world(pool);
    await addDelta(pool, A1, profileOf(referenceFor(A1), rowsOnCourse(5)));
    here.clock.advance(5 * MINUTE);
    await expect(here.drift.closeDuePanes()).rejects.toThrow(/1 of the due panes/);
    expect(here.told).toMatchObject([{ type: 'pane:closed', payload: { model: 'a-first' } }, { type: 'pane:closed', payload: { model: 'z-last' } }]);
    expect(await panes()).toEqual([{ pane: 1, closed: false }]);
  });
});

describe('incidents', () => {
  /** 60 panes on course, then panes of the given rows until some monitor alarms. */
  async function until(monitor: string, drifted: (pane: number) => ReturnType<typeof rowsOnCourse>, quiet = 60): Promise<{ incident: Incident; here: ReturnType<typeof world>; reference: ReturnType<typeof referenceFor> }> {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    for (let pane = 1; pane <= quiet; pane++) expect(await playPane(pool, here, A1, reference, rowsOnCourse(50, pane * 50))).toMatchObject([{ opened: [] }]);
    for (let pane = quiet + 1; pane < quiet + 60; pane++) {
      const [closed] = await playPane(pool, here, A1, reference, drifted(pane));
      const opened = closed?.opened.find((each) => each.monitor === monitor);
      if (opened === undefined) continue;
      expect(here.told).toContainEqual({ type: 'incident:opened', payload: { model: MODEL, incident: opened.id, monitor, level: opened.level, effect: opened.effect, pane: closed?.pane } });
      return { incident: await here.drift.incidents.get(opened.id), here, reference };
    }
    throw new Error(`${monitor} did not alarm`);
  }

  async function storePredictions(rows: { id: string; input: string; label: string; confidence: number; at: Date }[]): Promise<void> {
    await pool.query(`create table if not exists predictions_test partition of predictions default`);
    for (const row of rows) {
      await pool.query('insert into predictions (model, id, received_at, pane, adapter, input, label, confidence) values ($1, $2, $3, 1, $4, $5, $6, $7)', [MODEL, row.id, row.at, A1, row.input, row.label, row.confidence]);
    }
  }

  it('error: latched with evidence that gives the same e-value, bit for bit', async () => {
    const later = new Date(START.getTime() + 400 * MINUTE);
    await storePredictions([1, 2, 3].map((i) => ({ id: `p${i}`, input: 'x', label: 'a', confidence: 0.5, at: later })));
    await pool.query(`insert into feedback (model, id, prediction_id, received_at, label, score, first, matched_at) select $1, id, id, $2, truth, score, true, $2 from (values ('p1', 'b', null), ('p2', 'a', null), ('p3', null, 0.5)) v(id, truth, score)`, [MODEL, later]);
    const { incident, here, reference } = await until('error', (pane) => rowsOnCourse(50, pane * 50, 3));
    expect(incident).toMatchObject({ model: MODEL, monitor: 'error', adapter: A1, state: 'open', alarms: 1 });
    const { evidence } = incident;
    expect(evidence).toMatchObject({ kind: 'error', tolerance: 0.01, reference: `${A1}-reference`, threshold: 17_280, sampleIds: ['p1', 'p3'], stream: null });
    expect(evidence.panes[0]).toBe(61);
    expect(evidence.effect).toBeCloseTo(1 / 3 - 0.1, 1);
    expect(evidence.interval[0]).toBeGreaterThan(0.1);
    expect(evidence.eValue).toBeGreaterThanOrEqual(evidence.threshold);
    expect(replayIncident(evidence)).toEqual({ value: evidence.eValue, alarm: true });
    // a further alarm is counted, not opened
    for (let pane = 0; pane < 20; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane, 3));
    const again = await here.drift.incidents.get(incident.id);
    expect(again.alarms).toBeGreaterThan(1);
    expect(again.lastAlarmAt.getTime()).toBeGreaterThan(again.openedAt.getTime());
    expect(await here.drift.incidents.list({ model: MODEL })).toHaveLength(1);
  });

  it('confidence: a fall alarms and shows the least confident', async () => {
    await storePredictions([0.9, 0.2, 0.4].map((confidence, i) => ({ id: `p${i}`, input: 'x', label: 'a', confidence, at: new Date(START.getTime() + 400 * MINUTE) })));
    const { incident } = await until('confidence', (pane) => rowsOnCourse(50, pane * 50).map((row) => ({ ...row, confidence: 0.6 })), 20);
    expect(incident.evidence.mean).toBeGreaterThan(0.3);
    expect(incident.evidence.sampleIds).toEqual(['p1', 'p2', 'p0']);
    expect(replayIncident(incident.evidence)).toEqual({ value: incident.evidence.eValue, alarm: true });
  });

  it('labels: a label that rises alarms by name, also one that the reference does not have', async () => {
    await storePredictions([['p1', 'a'], ['p2', 'brand-new'], ['p3', 'b']].map(([id, label]) => ({ id: id as string, input: 'x', label: label as string, confidence: 1, at: new Date(START.getTime() + 400 * MINUTE) })));
    const { incident } = await until('labels', (pane) => rowsOnCourse(50, pane * 50).map((row, i) => (i % 3 === 0 ? { ...row, label: 'brand-new', trueLabel: 'brand-new' } : row)), 20);
    expect(incident.evidence.stream).toMatch(/does not have/);
    expect(incident.evidence.sampleIds).toEqual(['p2']);
    expect(incident.evidence.top?.[0]?.share).toBeGreaterThan(0.2);
    expect(replayIncident(incident.evidence)).toEqual({ value: incident.evidence.eValue, alarm: true });
    await pool.query('truncate models, "references", pane_deltas, pane_profiles cascade');
    const { incident: known } = await until('labels', (pane) => rowsOnCourse(50, pane * 50).map((row, i) => (i % 2 === 0 ? { ...row, label: 'b', trueLabel: 'b' } : row)), 20);
    expect(known.evidence).toMatchObject({ stream: 'b', sampleIds: ['p3'] });
  });

  it('unseen: new words alarm and show the rows that have most of them', async () => {
    await storePredictions([['p1', 'my card is lost'], ['p2', 'my card blinks'], ['p3', 'buy bitcoin now']].map(([id, input]) => ({ id: id as string, input: input as string, label: 'a', confidence: 1, at: new Date(START.getTime() + 400 * MINUTE) })));
    const { incident } = await until('unseen', (pane) => rowsOnCourse(50, pane * 50).map((row, i) => (i % 4 === 0 ? { ...row, text: 'buy bitcoin now' } : row)), 20);
    expect(incident.evidence.sampleIds).toEqual(['p3', 'p2']);
    expect(incident.evidence.effect).toBeCloseTo(0.25, 1);
    expect(replayIncident(incident.evidence)).toEqual({ value: incident.evidence.eValue, alarm: true });
  });

  it('a column of features: what drifts and what breaks its contract are one incident, and both can be computed again', async () => {
    await register(pool);
    const featured = (n: number, from: number, features: (at: number) => Record<string, unknown>) => rowsOnCourse(n, from).map((row, i) => ({ ...row, features: features(from + i) }));
    const amount = (at: number) => (at * 7_919) % 1_000;
    const reference = await promote(pool, A1, 1, START, referenceFor(A1, featured(2_000, 0, (at) => ({ 'amount €': amount(at) }))));
    const here = world(pool);
    const opened: string[] = [];
    for (let pane = 1; pane <= 30; pane++) {
      const rows = featured(60, pane * 60, (at) => ({ 'amount €': pane <= 10 ? amount(at) : at % 2 === 0 ? null : amount(at) / 2 + 500 }));
      const [closed] = await playPane(pool, here, A1, reference, rows);
      if (pane <= 10) expect(closed?.opened).toEqual([]);
      opened.push(...(closed?.opened ?? []).map(({ id }) => id));
    }
    expect(opened).toHaveLength(1);
    const { monitor, joined, level, evidence: whole } = await here.drift.incidents.get(opened[0] ?? '');
    expect([monitor, ...joined].sort()).toEqual([expect.stringMatching(/^column\.amount_\.[0-9a-f]{8}$/), expect.stringMatching(/^contract\.amount_\.[0-9a-f]{8}$/)]);
    expect(level).toBe('log');
    expect(whole.columns).toMatchObject([{ column: 'amount €', effect: expect.any(Number) }]);
    for (const evidence of [whole, ...whole.joined]) {
      expect(evidence.column).toBe('amount €');
      expect(evidence.proven).toBeGreaterThan(evidence.tolerance - 0.02);
      expect(replayIncident(evidence)).toEqual({ value: evidence.eValue, alarm: true });
    }
    const report = await here.drift.report(MODEL);
    expect(report.monitors.filter(({ verdict }) => verdict === 'drifting').map(({ kind }) => kind).sort()).toEqual(['column', 'contract']);
    expect(report.window?.columns.find(({ column }) => column === 'amount €')).toMatchObject({ differs: true, kind: 'number' });
    expect(report.window?.columns.find(({ column }) => column === 'amount €')?.missing[1]).toBeGreaterThan(0.3);
    expect(report.assumptions?.rhythms).toEqual([]);
  });

  it('stays quiet on course for longer than the budget, and of what gets better', async () => {
    await register(pool, { alarmBudget: { maxFalseAlarms: 1, per: '5h' } });
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    for (let pane = 1; pane <= 150; pane++) {
      await playPane(pool, here, A1, reference, rowsOnCourse(40, pane * 40, pane > 75 ? 1_000 : 10).map((row) => ({ ...row, confidence: pane > 75 ? 1 : row.confidence })));
    }
    expect(await here.drift.incidents.list()).toEqual([]);
  });

  it('are acknowledged once, resolved once, and then a new one may open', async () => {
    const { incident, here, reference } = await until('error', (pane) => rowsOnCourse(50, pane * 50, 2), 5);
    const { incidents } = here.drift;
    expect(await incidents.acknowledge(incident.id, 'ana')).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'ana' });
    expect(await incidents.acknowledge(incident.id, 'ben')).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'ana' });
    expect(await incidents.resolve(incident.id, 'known outage', 'ana')).toMatchObject({ state: 'resolved', evidence: { resolution: { reason: 'known outage', by: 'ana' } } });
    expect(await incidents.resolve(incident.id, 'again', 'ben')).toMatchObject({ evidence: { resolution: { by: 'ana' } } });
    expect(here.told.filter((each) => each.type === 'incident:state')).toHaveLength(2);
    for (let pane = 0; pane < 20; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane, 2));
    expect((await incidents.list({ model: MODEL, state: 'open' })).map((each) => each.monitor)).toContain('error');
    await expect(incidents.get('nothing')).rejects.toMatchObject({ code: 'not-found' });
    await expect(incidents.acknowledge('nothing', 'ana')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('end with the adapter that they speak of, and its successor begins at rest', async () => {
    const { incident, here, reference } = await until('error', (pane) => rowsOnCourse(50, pane * 50, 2), 5);
    expect(await here.drift.rebaseline(MODEL)).toEqual([]);
    here.clock.advance(1);
    const next = await promote(pool, A2, 2, here.clock.now());
    expect(await here.drift.rebaseline(MODEL)).toContain(incident.id);
    const [closed] = await playPane(pool, here, A2, next, rowsOnCourse(50));
    expect(closed?.steps.every((step) => step.value < 10)).toBe(true);
    // late feedback of the former adapter, then a rollback to it: its monitors begin anew, and the evidence stays replayable
    // few enough not to alarm by themselves, which would hide them
    await playPane(pool, here, A1, reference, rowsOnCourse(12, 0, 2));
    await promote(pool, A1, 3, here.clock.now(), reference);
    for (let pane = 0; pane < 30; pane++) {
      const [each] = await playPane(pool, here, A1, reference, rowsOnCourse(50, pane, 2));
      const opened = each?.opened.find((one) => one.monitor === 'error');
      if (opened === undefined) continue;
      const { evidence } = await here.drift.incidents.get(opened.id);
      expect(replayIncident(evidence)).toEqual({ value: evidence.eValue, alarm: true });
      return;
    }
    throw new Error('no alarm after the rollback');
  });

  it('resolve themselves at the next pane when nobody told that another adapter is live', async () => {
    const { incident, here } = await until('error', (pane) => rowsOnCourse(50, pane * 50, 2), 5);
    here.clock.advance(1);
    await promote(pool, A2, 2, here.clock.now());
    here.clock.advance(5 * MINUTE);
    const [closed] = await here.drift.closeDuePanes();
    expect(closed?.resolved).toContain(incident.id);
  });
});

describe('one incident a cause', () => {
  const drifted = (n: number, from: number) => rowsOnCourse(n, from, 2).map((row) => ({ ...row, confidence: 0.5 }));
  const LATER = new Date(START.getTime() + 330 * MINUTE);

  it('alarms of one pane and of one change are one, with the worst level; each replays to the same bits', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    for (let pane = 1; pane <= 10; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane * 50));
    // confidence falls at once, errors come with fewer labels and so later
    const lowered = (pane: number, n: number) => rowsOnCourse(n, pane * 50, 3).map((row) => ({ ...row, confidence: 0.5 }));
    for (let pane = 11; pane <= 40; pane++) {
      const profile = profileOf(reference, lowered(pane, 50));
      const few = profileOf(reference, lowered(pane, 12));
      profile.outcome.labelled = few.outcome.labelled;
      profile.outcome.errors = few.outcome.errors;
      profile.outcome.loss = few.outcome.loss;
      profile.outcome.squares = few.outcome.squares;
      await addDelta(pool, A1, profile);
      here.clock.advance(5 * MINUTE);
      await here.drift.closeDuePanes();
    }
    const incidents = await here.drift.incidents.list({ model: MODEL });
    expect(incidents).toMatchObject([{ monitor: 'confidence', joined: ['error'], level: 'page', state: 'open' }]);
    const [incident] = incidents as [Incident];
    expect(incident.evidence).toMatchObject({ kind: 'confidence', joined: [{ kind: 'error', monitor: 'error' }], level: { level: 'page', because: 'the monitor of errors alarmed', rule: expect.stringContaining('ticket:') } });
    expect(incident.alarms).toBeGreaterThan(1);
    const replays = await here.drift.incidents.replay(incident.id);
    expect(replays.map(({ monitor, same }) => [monitor, same])).toEqual([['confidence', true], ['error', true]]);
    const opened = here.told.filter(({ type }) => type === 'incident:opened' || type === 'incident:escalated');
    expect(opened).toMatchObject([{ type: 'incident:opened', payload: { monitor: 'confidence', level: 'ticket' } }, { type: 'incident:escalated', payload: { incident: incident.id, level: 'page' } }]);
    // the report knows both as drifting
    const report = await here.drift.report(MODEL);
    expect(report.monitors.filter(({ verdict }) => verdict === 'drifting').map(({ monitor }) => monitor)).toEqual(['error', 'confidence']);
    // damaged evidence does not replay
    await pool.query(`update incidents set evidence = jsonb_set(evidence, '{joined,0,series,0,n}', '9999')`);
    expect((await here.drift.incidents.replay(incident.id)).map(({ same }) => same)).toEqual([true, false]);
  });

  it('both at once: the performance incident is the first, and further alarms of either are counted in it', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    await playPane(pool, here, A1, reference, rowsOnCourse(50));
    for (let pane = 2; pane <= 12; pane++) await playPane(pool, here, A1, reference, drifted(400, pane * 400));
    const incidents = await here.drift.incidents.list({ model: MODEL });
    expect(incidents).toMatchObject([{ monitor: 'error', joined: ['confidence'], level: 'page' }]);
    expect(incidents[0]?.alarms).toBeGreaterThan(3);
    expect(here.told.filter(({ type }) => type === 'incident:opened')).toHaveLength(1);
  });

  it('a change that begins after it was opened is another cause', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    for (let pane = 1; pane <= 5; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(200, pane * 200));
    for (let pane = 6; pane <= 20; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(200, pane * 200, 2));
    for (let pane = 21; pane <= 32; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(200, pane * 200, 2).map((row, i) => (i % 3 === 0 ? { ...row, text: 'buy bitcoin now' } : row)));
    const incidents = await here.drift.incidents.list({ model: MODEL });
    expect(incidents.map(({ monitor, joined, level }) => [monitor, joined, level])).toEqual([['unseen', [], 'log'], ['error', [], 'page']]);
  });

  it('muted: alarms are counted, nothing is told until it ends; a level that rises opens an acknowledged one again', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    for (let pane = 1; pane <= 20; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(200, pane * 200).map((row) => ({ ...row, confidence: pane > 3 ? 0.6 : row.confidence })));
    const [incident] = (await here.drift.incidents.list({ model: MODEL })) as [Incident];
    expect(incident).toMatchObject({ monitor: 'confidence', level: 'ticket', mutedUntil: null });
    await here.drift.incidents.acknowledge(incident.id, 'ana');
    expect(await here.drift.incidents.mute(incident.id, { for: '2h', reason: 'a release', by: 'ana' })).toMatchObject({ mutedBy: 'ana', muteReason: 'a release', mutedUntil: new Date(here.clock.now().getTime() + 120 * MINUTE) });
    const told = here.told.length;
    // the change of the errors is made to begin with that of the confidence
    await pool.query(`update incidents set pane = 100`);
    for (let pane = 21; pane <= 30; pane++) await playPane(pool, here, A1, reference, drifted(200, pane * 200));
    expect(here.told.slice(told).filter(({ type }) => type.startsWith('incident'))).toEqual([]);
    expect(await here.drift.incidents.get(incident.id)).toMatchObject({ level: 'page', joined: ['error'], state: 'open', acknowledgedBy: null });
    expect(await here.drift.incidents.unmute(incident.id, { reason: 'it is out', by: 'ben' })).toMatchObject({ mutedUntil: null, mutedBy: 'ben' });
    await here.drift.incidents.resolve(incident.id, 'mended', 'ana');
    await expect(here.drift.incidents.mute(incident.id, { for: '2h', reason: '', by: 'ana' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(here.drift.incidents.mute('nothing', { for: '2h', reason: '', by: 'ana' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is assessed: assumptions, outlook, and the texts that moved with predictions to learn from', async () => {
    await register(pool);
    const reference = await promote(pool, A1, 1, START);
    const here = world(pool);
    await pool.query(`create table if not exists predictions_test partition of predictions default`);
    const store = (id: string, at: Date, input: string) => pool.query('insert into predictions (model, id, received_at, pane, adapter, input, label, confidence) values ($1, $2, $3, 1, $4, $5, $6, 0.9)', [MODEL, id, at, A1, input, 'a']);
    for (let i = 0; i < 60; i++) await store(`old-${i}`, new Date(START.getTime() + MINUTE), i % 2 === 0 ? 'raise my card limit' : 'my card is lost');
    for (let pane = 1; pane <= 65; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane * 50));
    for (let i = 0; i < 60; i++) await store(`new-${i}`, LATER, i % 3 === 0 ? 'please buy bitcoin now' : 'my card is lost');
    for (let pane = 66; pane <= 80; pane++) await playPane(pool, here, A1, reference, rowsOnCourse(50, pane * 50).map((row, i) => (i % 3 === 0 ? { ...row, text: 'please buy bitcoin now' } : row)));
    const [incident] = (await here.drift.incidents.list({ model: MODEL })) as [Incident];
    const { texts, assumptions, outlook, level } = incident.evidence;
    expect([incident.monitor, level.level]).toEqual(['unseen', 'log']);
    expect(texts).toMatchObject({ rows: 60, before: 60, shareBefore: 0 });
    expect(texts?.ngrams.map(({ ngram }) => ngram)).toEqual(expect.arrayContaining(['buy bitcoin', 'bitcoin', 'please']));
    expect(texts?.share).toBeCloseTo(1 / 3, 2);
    expect(texts?.sampleIds).toHaveLength(20);
    expect(texts?.sampleIds.every((id) => Number(id.slice(4)) % 3 === 0 && id.startsWith('new-'))).toBe(true);
    expect(assumptions).toMatchObject({ referenceAge: expect.closeTo(1 / 4, 0), labels: { delays: null }, rhythms: [] });
    expect(assumptions?.autocorrelation?.noise).toBeGreaterThan(0);
    expect(outlook).toMatchObject({ estimate: { method: null }, reference: 0.9, tolerance: 0.01 });
    // of a process that died in between: the next pane makes up for it
    await pool.query(`update incidents set evidence = evidence - 'assumptions'`);
    await playPane(pool, here, A1, reference, rowsOnCourse(10));
    expect((await here.drift.incidents.get(incident.id)).evidence.assumptions).toBeDefined();
  });
});

describe('the report', () => {
  it('shows each monitor against its threshold, and the last panes', async () => {
    await register(pool);
    const here = world(pool);
    expect(await here.drift.report(MODEL)).toMatchObject({ live: null, monitors: [], panes: [], openPane: { pane: 1 } });
    const reference = await promote(pool, A1, 1, START, referenceFor(A1, rowsOnCourse(500).map((row) => ({ ...row, confidence: null }))));
    expect((await here.drift.report(MODEL)).monitors).toMatchObject([{ monitor: 'error', value: 0, effect: null }, { monitor: 'calibration', idle: 'no row of the reference has a confidence' }, { idle: 'no row of the reference has a confidence' }, {}, {}]);
    await playPane(pool, here, A1, reference, rowsOnCourse(50));
    here.clock.advance(5 * MINUTE);
    await here.drift.closeDuePanes();
    const [closed] = await playPane(pool, here, A1, reference, rowsOnCourse(50, 50));
    const report = await here.drift.report(MODEL);
    expect(report.referenceRows).toBe(500);
    expect(report.panes).toMatchObject([{ pane: 1, rows: 50, labelled: 50, errors: 5 }, { pane: 2, rows: 0, meanConfidence: null }, { pane: 3, rows: 50 }]);
    expect(report.panes[0]?.meanConfidence).toBeCloseTo(0.895, 4);
    const error = report.monitors[0];
    expect(error).toMatchObject({ monitor: 'error', budget: 0.5, tolerance: 0.01, threshold: 17_280, idle: null });
    expect(error?.value).toBeCloseTo(closed?.steps.find((step) => step.monitor === 'error')?.value ?? 0, 9);
    expect(error?.effect?.interval[0]).toBeLessThan(error?.effect?.effect ?? 0);
    await expect(here.drift.report('nothing')).rejects.toMatchObject({ code: 'not-found' });
  });
});
