import { expect, test } from 'vitest';
import { isTrimtabError } from '../../src/errors.ts';
import { HOUR } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { count, register, START, world } from './world.ts';

const { pool } = await testDatabase();
const stored = async (model: string) => (await pool.query('select id, origin, text, label, labelled_at, corrected_at, side from labelled_rows where model = $1 order by text', [model])).rows as unknown[];

test('imported rows are labelled rows, once; another label for the same text is a correction', async () => {
  await register(pool, 'm');
  const { ingest, clock } = world(pool);
  const rows = [{ text: 'a', label: 'x' }, { text: 'b', label: 'y', id: 'mine', labelledAt: '2025-01-01T00:00:00Z' }, { text: 'a', label: 'x' }, { label: 'z' }];
  const refused = [{ index: 3, id: null, reason: 'the row must have required properties text' }];
  expect(await ingest.importRows('m', rows)).toEqual({ accepted: 2, duplicates: 1, refused });
  expect(await ingest.importRows('m', rows)).toEqual({ accepted: 0, duplicates: 3, refused });
  clock.advance(HOUR);
  expect(await ingest.importRows('m', [{ text: 'a', label: 'y' }])).toEqual({ accepted: 1, duplicates: 0, refused: [] });
  expect(await stored('m')).toEqual([
    { id: expect.stringMatching(/^[0-9a-f]{64}$/) as string, origin: 'import', text: 'a', label: 'y', labelled_at: START, corrected_at: new Date(START.getTime() + HOUR), side: null },
    { id: 'mine', origin: 'import', text: 'b', label: 'y', labelled_at: new Date('2025-01-01T00:00:00Z'), corrected_at: null, side: null },
  ]);
  expect(await count(pool, 'pane_deltas', 'm')).toBe(0);
});

test('an id that stands for another text is refused, in the request and in the store', async () => {
  await register(pool, 'texts');
  const { ingest } = world(pool);
  const reason = 'id "one" already stands for another text; give the new text an id of its own';
  expect(await ingest.importRows('texts', [{ id: 'one', text: 'a', label: 'x' }, { id: 'one', text: 'b', label: 'x' }])).toEqual({ accepted: 1, duplicates: 0, refused: [{ index: 0, id: 'one', reason }] });
  expect(await ingest.importRows('texts', [{ id: 'one', text: 'c', label: 'y' }])).toEqual({ accepted: 0, duplicates: 0, refused: [{ index: 0, id: 'one', reason }] });
  expect(await stored('texts')).toMatchObject([{ id: 'one', text: 'b', label: 'x', corrected_at: null }]);
});

test('an import larger than one statement goes in whole, also twice at once', async () => {
  await register(pool, 'large');
  const rows = Array.from({ length: 12_000 }, (_, i) => ({ text: `text ${i}`, label: `l${i % 5}` }));
  const answers = await Promise.all([world(pool).ingest.importRows('large', rows), world(pool).ingest.importRows('large', [...rows].reverse())]);
  expect(answers.map((a) => a.accepted + a.duplicates)).toEqual([12_000, 12_000]);
  expect(answers[0].accepted + answers[1].accepted).toBe(12_000);
  expect(await count(pool, 'labelled_rows', 'large')).toBe(12_000);
});

test('a model that is not registered is not found', async () => {
  await expect(world(pool).ingest.importRows('nobody', [{ text: 'a', label: 'x' }])).rejects.toSatisfy((error) => isTrimtabError(error, 'not-found'));
});
