import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { judge } from '../../src/evaluation/gates.ts';
import type { ExamSheet } from '../../src/evaluation/exam.ts';
import { appendRecord } from '../../src/promotion/records.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { openFilesystem } from '../../src/store/objects/filesystem.ts';
import { putJson } from '../../src/store/objects/index.ts';
import { transaction } from '../../src/store/postgres.ts';
import { taskRules } from '../../src/tasks/index.ts';
import { testDatabase } from '../support/postgres.ts';
import { keep } from './context.ts';

const { pool, url } = await testDatabase();
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-cli-'));
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const objects = openFilesystem(path.join(dataDir, 'objects'));
const cli = () => keep({ databaseUrl: url, dataDir });
const at = new Date('2026-01-01T00:00:00Z');

/** A sheet of 100 rows of which the first `right` are right. */
const sheet = (right: number): ExamSheet => ({
  rows: Array.from({ length: 100 }, (_, i) => ({ id: `e${i}`, label: 'a', window: true, predicted: i < right ? 'a' : 'b', confidence: 0.9, score: i < right ? 1 : 0 })),
});

/** A model with the record of a decision; `verdict` puts another one in than the gates gave. */
async function decided(name: string, verdict?: string): Promise<{ id: string; challengerSheet: string }> {
  const spec = parseSpec({ name, task: 'classification', serving: {} });
  const [challenger, champion] = [sheet(90), sheet(60)];
  const evaluation = judge({ rules: taskRules('classification'), spec: spec.gates, challenger, champion, majority: 'b' });
  const basis = { liveSeq: 1, majority: 'b', challengerSheet: await putJson(objects, challenger), championSheet: await putJson(objects, champion) };
  const body = { version: 1, run: `${name}-r1`, model: name, spec, evaluation: { ...evaluation, ...(verdict === undefined ? {} : { verdict }), basis } };
  await transaction(pool, (db) => putModel(db, spec, at));
  const { id } = await transaction(pool, (db) => appendRecord(db, { model: name, runId: `${name}-r1`, kind: 'decision', body: JSON.parse(JSON.stringify(body)) as unknown, at }));
  return { id, challengerSheet: basis.challengerSheet };
}

describe('record', () => {
  test('verify: a sound record', async () => {
    const { id } = await decided('sound');
    const kept = cli();
    expect(await run(['record', 'verify', id, '--json'], kept)).toBe(0);
    expect(JSON.parse(kept.lines[0] ?? '')).toEqual({ id, chain: 'whole', decision: 'same', sound: true });
  });

  test('verify: a decision that does not follow from the exam sheets', async () => {
    const { id } = await decided('false', 'reject');
    const kept = cli();
    expect(await run(['record', 'verify', id], kept)).toBe(1);
    expect(kept.lines.join('\n')).toContain('DIFFERENT');
  });

  test('verify: a chain that was changed', async () => {
    const { id } = await decided('chain');
    await pool.query(`update records set body = replace(body, '"kind":"decision"', '"kind":"decisive"') where id = $1`, [id]);
    const kept = cli();
    expect(await run(['record', 'verify', id], kept)).toBe(1);
    expect(kept.lines.join('\n')).toContain('broken at record 1: its body does not give its hash');
  });

  test('verify: an exam sheet that was changed, and one that is gone', async () => {
    const { id, challengerSheet } = await decided('sheet');
    const file = path.join(dataDir, 'objects', challengerSheet.slice(0, 2), challengerSheet.slice(2));
    await chmod(file, 0o644);
    await writeFile(file, JSON.stringify(sheet(95)));
    const changed = cli();
    expect(await run(['record', 'verify', id], changed)).toBe(1);
    expect(changed.errors[0]).toBe(`object ${challengerSheet}: its bytes do not match its name; restore the file from a backup`);
    await rm(file);
    const gone = cli();
    expect(await run(['record', 'verify', id], gone)).toBe(1);
    expect(gone.errors[0]).toBe(`there is no object "${challengerSheet}"`);
  });

  test('show: the whole record; one that does not exist is named', async () => {
    const { id } = await decided('shown');
    const kept = cli();
    expect(await run(['record', 'show', id, '--json'], kept)).toBe(0);
    expect(JSON.parse(kept.lines[0] ?? '')).toMatchObject({ id, content: { model: 'shown', evaluation: { verdict: 'promote' } } });
    const missing = cli();
    expect(await run(['record', 'show', 'nobody--record-1'], missing)).toBe(1);
    expect(missing.errors).toEqual(['there is no record "nobody--record-1"']);
  });
});

describe('import', () => {
  const file = path.join(dataDir, 'rows.csv');
  beforeAll(() => writeFile(file, `text,label\n${Array.from({ length: 2_500 }, (_, i) => `text number ${i},label-${i % 7}`).join('\n')}\nno label,\n`));

  test('straight into the database: rows count once, however often; a bad row is named', async () => {
    await decided('router');
    const kept = cli();
    expect(await run(['import', 'router', file, '--json'], kept)).toBe(1);
    expect(JSON.parse(kept.lines[0] ?? '')).toEqual({ accepted: 2_500, duplicates: 0, refused: [{ row: 2_501, reason: 'column "label" is empty or no plain value' }] });
    const again = cli();
    await run(['import', 'router', file], again);
    expect(again.lines).toEqual(['accepted    0', 'duplicates  2500', 'refused     1']);
    expect(again.errors).toEqual(['row 2501: column "label" is empty or no plain value']);
  });

  test('rows of every task; what is not of the model\'s task is refused row by row', async () => {
    for (const task of ['extraction', 'embedding', 'generation'] as const) await transaction(pool, (db) => putModel(db, parseSpec({ name: `a-${task}`, task, serving: {} }), at));
    const rows = path.join(dataDir, 'all.jsonl');
    const chat = { messages: [{ role: 'user', content: 'rain?' }], tools: [{ type: 'function', function: { name: 'rain' } }] };
    await writeFile(rows, [
      { text: 'rain in Bern', spans: [{ start: 8, end: 12, label: 'city' }], document: 'Weather', completion: 'yes' },
      { ...chat, completion: 'no' },
      { text: 'rain', spans: [{ start: 0, end: 9, label: 'city' }], document: '', completion: 'maybe' },
    ].map((row) => JSON.stringify(row)).join('\n'));
    const answer = async (...args: string[]) => {
      const kept = cli();
      await run(['import', ...args, '--json'], kept);
      return JSON.parse(kept.lines[0] ?? '') as { accepted: number; refused: { row: number; reason: string }[] };
    };
    const [spans, documents, completions, wrong] = [await answer('a-extraction', rows, '--spans', 'spans', '--text', 'text'), await answer('a-embedding', rows, '--document', 'document'), await answer('a-generation', rows, '--completion', 'completion'), await answer('a-embedding', rows, '--completion', 'completion')];
    expect(spans).toMatchObject({ accepted: 1, refused: [{ row: 2, reason: 'column "text" is empty or no plain value' }, { row: 3, reason: expect.stringContaining("end 9 is beyond the text's 4 characters") as string }] });
    expect(documents).toMatchObject({ accepted: 1, refused: [{ row: 2 }, { row: 3, reason: 'column "document" is empty or no plain value' }] });
    expect(completions).toMatchObject({ accepted: 3, refused: [] });
    expect(wrong.refused.map(({ row, reason }) => [row, reason])).toEqual([[1, "completion is not of this model's task: it takes document"], [2, "tools are not of this model's task: it takes text"], [3, "completion is not of this model's task: it takes document"]]);
    const { rows: stored } = await pool.query<{ text: string }>(`select text from labelled_rows where model = 'a-generation' and text like '{%'`);
    expect(stored).toEqual([{ text: JSON.stringify(chat) }]);
  });

  test('a model that does not exist', async () => {
    const kept = cli();
    expect(await run(['import', 'nobody', file], kept)).toBe(1);
    expect(kept.errors).toEqual(['there is no model "nobody"']);
  });
});
