import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { VirtualClock } from '../../src/clock.ts';
import { collect, type DatasetManifest, type ExamQuestionRow, type TrainLine } from '../../src/datasets/index.ts';
import { isNear, sketch } from '../../src/datasets/sketch.ts';
import { parseSpec, type ModelSpec } from '../../src/spec.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { insertIncident } from '../../src/store/incidents.ts';
import { openFilesystem } from '../../src/store/objects/filesystem.ts';
import { getLines } from '../../src/store/objects/index.ts';
import { insertTrigger, setTriggerRun } from '../../src/store/triggers.ts';
import { DAY } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const folder = await mkdtemp(path.join(os.tmpdir(), 'trimtab-datasets-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const objects = openFilesystem(folder);
const start = new Date('2026-06-01T00:00:00Z');

interface Row {
  id: string;
  text: string;
  label: string;
  at?: Date;
  corrected?: Date;
}

async function model(name: string, data: Partial<ModelSpec['data']> = {}) {
  const spec = parseSpec({ name, task: 'classification', data });
  const clock = new VirtualClock(start);
  await pool.query('insert into models (name, spec, version, created_at, updated_at) values ($1, $2, 1, $3, $3)', [name, JSON.stringify(spec), start]);
  return {
    clock,
    add: (rows: readonly Row[]) =>
      pool.query(
        `insert into labelled_rows (model, id, origin, text, label, labelled_at, corrected_at)
          select $1, v.* from (select unnest($2::text[]), 'import', unnest($3::text[]), unnest($4::text[]), unnest($5::timestamptz[]), unnest($6::timestamptz[])) v`,
        [name, rows.map((r) => r.id), rows.map((r) => r.text), rows.map((r) => r.label), rows.map((r) => r.at ?? clock.now()), rows.map((r) => r.corrected ?? null)],
      ),
    collect: (runId: string) => collect({ pool, objects, clock }, { model: name, spec, runId: `${name}-${runId}` }),
    sides: async () => {
      const { rows } = await pool.query<{ id: string; text: string; side: string }>('select id, text, side from labelled_rows where model = $1', [name]);
      return new Map(rows.map((row) => [row.id, row]));
    },
  };
}

const trainOf = (manifest: DatasetManifest) => getLines<TrainLine>(objects, manifest.train);
const examOf = (manifest: DatasetManifest) => getLines<ExamQuestionRow>(objects, manifest.exam);

const WORDS = 'invoice refund parcel login password colour delivery ticket account balance window engine battery travel hotel booking weather music alarm kitchen garden street doctor license'.split(' ');

/** Sentences of seeded words; every fourth one is an earlier one with a change at its end, so near-duplicates are many. */
function utterances(n: number, seed: number, prefix = 'r'): Row[] {
  const uniform = seededUniform(seed);
  const pick = () => WORDS[Math.floor(uniform() * WORDS.length)]!;
  const rows: Row[] = [];
  for (let i = 0; i < n; i += 1) {
    const earlier = rows[Math.floor(uniform() * i)];
    const text = i % 4 === 3 && earlier ? `${earlier.text}${'abcdefgh'[i % 8]}` : `please ${pick()} ${pick()} ${pick()} with ${pick()} ${pick()} ${Math.floor(uniform() * 1e6)}`;
    rows.push({ id: `${prefix}${String(i).padStart(6, '0')}`, text, label: `intent-${i % 6}` });
  }
  return rows;
}

test('a dataset is made once per run, and the same rows give the same bodies', async () => {
  const [a, b] = [await model('once-a'), await model('once-b')];
  const rows = utterances(300, 1);
  await a.add(rows);
  await b.add([...rows].reverse());
  const first = await a.collect('1');
  a.clock.advance(DAY);
  await a.add(utterances(50, 2, 'later'));
  expect(await a.collect('1')).toEqual(first);
  const other = await b.collect('1');
  expect([other.train, other.exam, other.counts, other.labels]).toEqual([first.train, first.exam, first.counts, first.labels]);
  expect(first.counts.train + first.counts.exam + first.counts.droppedDuplicates + first.counts.examDuplicates + first.counts.neither).toBe(300);
  expect(first.labels).toEqual([0, 1, 2, 3, 4, 5].map((i) => `intent-${i}`));
  expect(first.newRows).toBe(300);
});

test('twenty replicas that collect for one run at once make one dataset', async () => {
  const m = await model('race');
  await m.add(utterances(200, 3));
  const manifests = await Promise.all(Array.from({ length: 20 }, () => m.collect('1')));
  expect(new Set(manifests.map((manifest) => manifest.id)).size).toBe(1);
});

test('sides never change, no near-duplicates stand on both sides, and exams contain the exams before them', async () => {
  const m = await model('sides', { window: '3d', examShare: 0.3 });
  let before = new Map<string, { side: string }>();
  let exam: string[] = [];
  const manifests: DatasetManifest[] = [];
  for (let run = 1; run <= 4; run += 1) {
    // Each run's rows come with labels from other days, some older than what the last run saw.
    const uniform = seededUniform(run);
    const rows = [...utterances(200, run, `run${run}-`), ...utterances(200, run - 1, `again${run}-`).map((row) => ({ ...row, text: `${row.text}x` }))].map((row) => ({ ...row, at: new Date(m.clock.now().getTime() - Math.floor(uniform() * 5) * DAY) }));
    await m.add(rows);
    const manifest = await m.collect(String(run));
    manifests.push(manifest);
    const sides = await m.sides();
    for (const [id, row] of before) expect(sides.get(id)?.side).toBe(row.side);
    before = sides;
    const ids = (await examOf(manifest)).map((row) => row.id);
    expect(ids).toEqual(expect.arrayContaining(exam));
    expect(ids.length).toBeGreaterThan(exam.length);
    exam = ids;
    expect((await trainOf(manifest)).every((row) => sides.get(row.id)?.side === 'train')).toBe(true);
    m.clock.advance(2 * DAY);
  }
  expect(manifests.slice(1).map((manifest) => manifest.parents)).toEqual(manifests.slice(0, -1).map((manifest) => [manifest.id]));
  expect(manifests.map((manifest) => manifest.newRows)).toEqual([400, 400, 400, 400]);
  const rows = [...before.values()] as { text: string; side: string }[];
  const [train, examSide] = ['train', 'exam'].map((side) => rows.filter((row) => row.side === side).map((row) => sketch(row.text)));
  expect(train!.filter((a) => examSide!.some((b) => isNear(a, b)))).toEqual([]);
  expect(examSide!.length).toBeGreaterThan(100);
});

test('a row near both sides joins neither', async () => {
  const m = await model('both');
  await m.add(utterances(100, 5));
  await m.collect('1');
  const text = 'the quick brown fox jumps over the lazy dog and runs far away into the woods';
  // Two near texts that were put on either side by hand, as only a wrong restore could: the third must see both.
  const both = [`${text} a`, `${text} b`];
  for (const [i, side] of ['train', 'exam'].entries()) {
    await pool.query(`insert into labelled_rows (model, id, origin, text, label, labelled_at, side) values ('both', $1, 'import', $2, 'intent-1', $3, $4)`, [`hand-${side}`, both[i], start, side]);
    await pool.query(`insert into labelled_bands (model, band, row_id) select 'both', unnest($1::bigint[]), $2`, [[...sketch(both[i]!).bands], `hand-${side}`]);
  }
  await m.add([{ id: 'third', text: `${text} c`, label: 'intent-1' }]);
  const manifest = await m.collect('2');
  expect((await m.sides()).get('third')?.side).toBe('neither');
  expect(manifest.counts.neither).toBe(1);
});

test('of one text the newest label stays, a correction counts as new, and contradictions are counted', async () => {
  const m = await model('labels', { examShare: 0.000001 });
  await m.add(utterances(40, 6).map((row) => ({ ...row, at: start })));
  // An exam of at least one row, by hand.
  await pool.query(`insert into labelled_rows (model, id, origin, text, label, labelled_at, side) values ('labels', 'exam', 'import', 'an exam row', 'intent-1', $1, 'exam')`, [start]);
  await m.add([
    { id: 'old', text: 'Where is my parcel?', label: 'intent-0', at: new Date(start.getTime() - DAY), corrected: new Date(start.getTime() + DAY) },
    { id: 'new', text: 'where is  my PARCEL', label: 'intent-5' },
  ]);
  const manifest = await m.collect('1');
  const rows = (await trainOf(manifest)).filter((row) => row.text.toLowerCase().includes('is  my') || row.text.includes('Where is'));
  expect(rows).toEqual([{ id: 'old', text: 'Where is my parcel?', label: 'intent-0' }]);
  expect(manifest.counts.contradictions).toBe(1);
});

test('the window is current, older rows are replayed with every label kept, and the exam says which rows are current', async () => {
  const m = await model('replay', { window: '7d', replay: 0.25 });
  const distinct = (n: number, seed: number, prefix: string) => utterances(4 * n, seed, prefix).filter((_, i) => i % 4 !== 3).slice(0, n);
  await m.add(distinct(900, 7, 'old').map((row, i) => ({ ...row, label: i < 20 ? 'rare' : 'common' })));
  m.clock.advance(30 * DAY);
  await m.add(distinct(3000, 8, 'new').map((row) => ({ ...row, label: 'fresh' })));
  const manifest = await m.collect('1');
  const { window, replay, train, byLabel, examWindow, exam } = manifest.counts;
  expect(replay).toBe(Math.round(0.25 * window));
  expect(train).toBe(window + replay);
  expect(byLabel['rare']).toBeGreaterThanOrEqual(10);
  expect(examWindow).toBe((await examOf(manifest)).filter((row) => row.id.startsWith('new')).length);
  expect(exam).toBeGreaterThan(examWindow);
  const small = await collect({ pool, objects, clock: m.clock }, { model: 'replay', spec: parseSpec({ name: 'replay', task: 'classification', data: { window: '7d', maxRows: 1000 } }), runId: 'small' });
  expect(small.counts.train).toBe(1000);
  expect(small.counts.replay).toBe(250);
  expect(small.counts.byLabel['rare']).toBeGreaterThanOrEqual(10);
});

test('what an incident behind the run names is taken before all others, whatever the window and the limit; each row keeps its side, and the manifest tells', async () => {
  const m = await model('moved', { window: '7d', maxRows: 30, replay: 0 });
  const old = { id: 'moved-old', text: 'i would like to purchase some bitcoin today', label: 'intent-1' };
  await m.add([old]);
  m.clock.advance(30 * DAY);
  const moved = Array.from({ length: 12 }, (_, i) => ({ id: `moved-${String(i).padStart(2, '0')}`, text: `${WORDS[i]} coins ${WORDS[(5 * i + 7) % WORDS.length]} ${i * 977} wanted`, label: 'intent-1' }));
  await m.add(moved);
  m.clock.advance(DAY);
  await m.add(utterances(600, 21));
  const plain = await m.collect('plain');
  expect(plain.incidents).toBeUndefined();
  expect((await trainOf(plain)).filter(({ id }) => id.startsWith('moved'))).toEqual([]);

  const sampleIds = [...moved.map(({ id }) => id), old.id, 'nobody-labelled-it'];
  const incident = (id: string, texts: unknown) => insertIncident(pool, { id, model: 'moved', monitor: id, level: 'log', adapter: 'a', reference: 'r', pane: 1, evidence: { texts }, now: m.clock.now() });
  await incident('i-moved', { sampleIds });
  await incident('i-other', { sampleIds: ['r000001'] });
  await incident('i-wordless', null);
  const trigger = (id: string, of: string, runId: string) => insertTrigger(pool, { id, model: 'moved', reason: 'drift', decision: 'fired', why: '', evidence: { incident: of, alarms: 1 }, createdAt: m.clock.now() }).then(() => setTriggerRun(pool, id, runId));
  await trigger('t1', 'i-moved', 'moved-drift');
  await trigger('t2', 'i-wordless', 'moved-drift');
  await trigger('t3', 'i-other', 'moved-another');
  const manifest = await m.collect('drift');
  const sides = await m.sides();
  const onTrain = sampleIds.filter((id) => sides.get(id)?.side === 'train');
  const rows = await trainOf(manifest);
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(onTrain));
  expect([rows.length, onTrain.length >= 8, onTrain.includes(old.id)]).toEqual([30, true, true]);
  const exam = sampleIds.filter((id) => sides.get(id)?.side === 'exam').length;
  expect(manifest.incidents).toEqual([{ id: 'i-moved', sampleIds, labelled: 13, train: onTrain.length, leftOut: 0, exam, neither: 13 - onTrain.length - exam }]);
});

test('rows that are all older than the window are the best that is known, so all are current', async () => {
  const m = await model('history', { window: '7d' });
  await m.add(utterances(200, 9));
  m.clock.advance(100 * DAY);
  const manifest = await m.collect('1');
  expect(manifest.recipe.from).toBeNull();
  expect(manifest.counts.examWindow).toBe(manifest.counts.exam);
  expect(manifest.counts.replay).toBe(0);
});

test('too few rows say how many there are and how many are needed; their sides hold all the same', async () => {
  const m = await model('few');
  await m.add(utterances(10, 10));
  await expect(m.collect('1')).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/10 rows give \d+ rows to train on.*at least 20 distinct rows/) });
  expect([...(await m.sides()).values()].every((row) => row.side !== null)).toBe(true);
  const one = await model('one-label');
  await one.add(utterances(200, 11).map((row) => ({ ...row, label: 'same' })));
  await expect(one.collect('1')).rejects.toMatchObject({ code: 'bad-data', message: expect.stringContaining('of 1 label,') });
});

test('ten thousand rows are collected in a few seconds', async () => {
  const m = await model('many');
  await m.add(utterances(10_000, 12));
  const [before, cpu] = [performance.now(), process.cpuUsage()];
  const manifest = await m.collect('1');
  const [wall, { user, system }] = [(performance.now() - before) / 1000, process.cpuUsage(cpu)];
  const own = (user + system) / 1e6;
  console.log(`10,000 rows collected in ${wall.toFixed(2)} s, of which ${own.toFixed(2)} s of this process: ${JSON.stringify({ ...manifest.counts, byLabel: {} })}`);
  // Measured in time of the processor, since a busy machine stretches the clock's.
  expect(own).toBeLessThan(6);
});
