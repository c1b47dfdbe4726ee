import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VirtualClock } from '../../src/clock.ts';
import { collect, type ExamQuestionRow, type TrainLine } from '../../src/datasets/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { openFilesystem } from '../../src/store/objects/filesystem.ts';
import { getLines } from '../../src/store/objects/index.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { transaction } from '../../src/store/postgres.ts';
import { documentDigest } from '../../src/tasks/index.ts';
import { DAY } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const folder = await mkdtemp(path.join(os.tmpdir(), 'trimtab-negatives-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const objects = openFilesystem(folder);
const START = new Date('2026-06-01T00:00:00Z');
const MODEL = 'search';
const DOCUMENTS = ['how to block a card', 'raising a limit', 'opening hours of the desk', 'what a loan costs'];
const ROWS = 120;
const text = (i: number) => `question number ${i} about ${['cards', 'limits', 'hours', 'loans'][i % 4]} ${(i * 7919) % 1_000_003}`;

/** Each row's document is the i-th; its prediction ranked the two after it first, one that nobody knows, the right one, and the rest. */
beforeAll(async () => {
  await transaction(pool, (db) => ensurePartitions(db, START, new Date(START.getTime() + DAY)));
  await pool.query(`insert into models (name, spec, version, created_at, updated_at) values ($1, '{}', 1, $2, $2)`, [MODEL, START]);
  const ids = Array.from({ length: ROWS }, (_, i) => i);
  const at = (i: number) => DOCUMENTS[i % 4] as string;
  const rankings = ids.map((i) => [at(i + 1), 'a document that is right for no row', at(i + 2), at(i), at(i + 3)].map(documentDigest));
  const first = ids.map((i) => (i % 10 === 0 ? [at(i), at(i + 1)].map(documentDigest) : i % 10 === 1 ? [at(i + 1)].map(documentDigest) : (rankings[i] as string[])));
  await pool.query(
    `insert into predictions (model, id, received_at, pane, adapter, input, label) select $1, v.* from (select unnest($2::text[]), $3::timestamptz, 1, 'a', unnest($4::text[]), unnest($5::text[])) v`,
    [MODEL, ids.map((i) => `p${i}`), START, ids.map((i) => (i % 10 === 2 ? 'another text of the same id' : text(i))), first.map((ranking) => JSON.stringify(ranking))],
  );
  await pool.query(
    `insert into labelled_rows (model, id, origin, text, label, labelled_at) select $1, v.* from (select unnest($2::text[]), 'feedback', unnest($3::text[]), unnest($4::text[]), $5::timestamptz) v`,
    [MODEL, ids.map((i) => (i % 10 === 3 ? `imported-${i}` : `p${i}`)), ids.map(text), ids.map(at), START],
  );
});

const made = async (runId: string, data: { hardNegatives?: number }) => {
  const manifest = await collect({ pool, objects, clock: new VirtualClock(START) }, { model: MODEL, spec: parseSpec({ name: MODEL, task: 'embedding', data }), runId });
  return { manifest, train: await getLines<TrainLine>(objects, manifest.train), exam: await getLines<ExamQuestionRow>(objects, manifest.exam) };
};
const numberOf = ({ id }: TrainLine) => Number(/\d+/.exec(id)?.[0]);

test('what a prediction ranked before the right document is learnt as wrong, where its text is known and it is of this row', async () => {
  const { manifest, train, exam } = await made('all', { hardNegatives: 10 });
  expect(train.length).toBeGreaterThan(60);
  for (const row of train) {
    const i = numberOf(row);
    const after = (by: number) => DOCUMENTS[(i + by) % 4];
    // 0: right at first; 1: the right one was not among the ten; 2 and 3: of another text, and of no prediction
    const wanted = [undefined, [after(1)], undefined, undefined][i % 10] ?? (i % 10 < 4 ? undefined : [after(1), after(2)]);
    expect(row.negatives, row.id).toEqual(wanted);
  }
  expect(manifest.recipe.hardNegatives).toBe(10);
  expect(manifest.counts.withNegatives).toBe(train.filter(({ negatives }) => negatives !== undefined).length);
  expect(exam.some((row) => 'negatives' in row)).toBe(false);
});

test('no more than are asked for, the first ranked; without being asked for, none, and nothing of it in the manifest', async () => {
  const one = await made('one', { hardNegatives: 1 });
  expect(one.train.filter(({ negatives }) => negatives !== undefined).every((row) => row.negatives?.length === 1 && row.negatives[0] === DOCUMENTS[(numberOf(row) + 1) % 4])).toBe(true);
  const none = await made('none', {});
  expect(none.train.some((row) => 'negatives' in row)).toBe(false);
  expect([Object.keys(none.manifest.recipe).includes('hardNegatives'), Object.keys(none.manifest.counts).includes('withNegatives')]).toEqual([false, false]);
});

test('they are for searches', () => expect(() => parseSpec({ name: 'm', task: 'classification', data: { hardNegatives: 1 } })).toThrow(/\/data\/hardNegatives 1 is for the task embedding/));
