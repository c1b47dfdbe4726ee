import { beforeAll, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { transaction } from '../../src/store/postgres.ts';
import { DAY } from '../../src/vocabulary.ts';
import { MODEL, register, START } from '../drift/support.ts';
import { testDatabase } from '../support/postgres.ts';
import { keep } from './context.ts';

const { pool, url } = await testDatabase();
const cli = () => keep({ databaseUrl: url });
const [CHANGE, END] = ['2026-03-01T00:10:00Z', '2026-03-01T00:20:00Z'];

/** A prediction a second; from ten minutes on, the amount is 2 higher in nine of ten rows, and half of the texts have another word. */
beforeAll(async () => {
  await register(pool);
  await transaction(pool, (db) => ensurePartitions(db, START, new Date(START.getTime() + DAY)));
  await pool.query(
    `insert into predictions (model, id, received_at, pane, adapter, input, label, confidence, features)
     select $1, 'p' || n, $2::timestamptz + n * interval '1 second', 1, 'a', case when n >= 600 and n % 2 = 0 then 'my crypto is lost' else 'my card is lost' end, 'ab'::text, 0.9,
            jsonb_build_object('amount', n * 7919 % 101 / 100.0 + case when n >= 600 and n % 10 > 0 then 2 else 0 end) from generate_series(0, 1199) n`,
    [MODEL, START],
  );
});

test('what differs, as a page or as JSON: of as many rows as are asked for, the same ones each time', async () => {
  const kept = cli();
  expect(await run(['diagnose', MODEL, '--change', CHANGE, '--to', END], kept)).toBe(0);
  const page = kept.lines.join('\n');
  expect(page).toMatch(/before +600 rows, 2026-03-01T00:00:00.000Z to 2026-03-01T00:10:00.000Z\nsince +600 rows, to 2026-03-01T00:20:00.000Z\n/);
  expect(page).toMatch(/\nconfidence \(number\) {2}no difference shown\n/);
  expect(page).toMatch(/\namount \(number\) {2}DIFFERS\n {2}Kolmogorov-Smirnov +0\.9\d* {2}p \S+ {2}effect 0\.9\d* \[0\.\d+, 1\.00\] {2}exact\n/);
  expect(page).toMatch(/\n {2}energy distance .* no p-value .* no promise\n/);
  expect(page).toMatch(/inputs told apart: AUC 0\.7\d* \[.*\n(.*\n)* {2}since {3}(my )?crypto/);
  expect(page).toContain('no other threshold promises anything');
  const [first, again] = [cli(), cli()];
  for (const each of [first, again]) expect(await run(['diagnose', MODEL, '--change', CHANGE, '--from', '2026-03-01T00:05:00Z', '--to', END, '--rows', '100', '--json'], each)).toBe(0);
  expect(JSON.parse(first.lines[0] ?? '')).toMatchObject({ model: MODEL, rows: [100, 100], from: '2026-03-01T00:05:00.000Z', relation: null });
  expect(again.lines).toEqual(first.lines);
});

test('what is wrong is named', async () => {
  for (const [args, what] of [
    [[MODEL], /--change: is missing/], [[MODEL, '--change', 'soon'], /"soon" is no time/], [[MODEL, '--change', END, '--to', CHANGE], /not between .* give a time within/], [[MODEL, '--change', CHANGE, '--rows', '0'], /"0" is no number of rows/],
  ] as const) {
    const kept = cli();
    expect(await run(['diagnose', ...args], kept)).toBe(2);
    expect(kept.errors.join('\n')).toMatch(what);
  }
  const kept = cli();
  expect(await run(['diagnose', 'nobody', '--change', CHANGE, '--to', END], kept)).toBe(1);
  expect(kept.errors.join('\n')).toMatch(/nobody/);
});
