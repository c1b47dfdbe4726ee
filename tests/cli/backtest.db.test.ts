import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { MODEL, playPane, promote, register, rowsOnCourse, START, world } from '../drift/support.ts';
import { testDatabase } from '../support/postgres.ts';
import { keep } from './context.ts';

const { pool, url } = await testDatabase();
const folder = await mkdtemp(path.join(os.tmpdir(), 'trimtab-backtest-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const cli = () => keep({ databaseUrl: url, dataDir: folder });
const write = async (name: string, content: string) => {
  await writeFile(path.join(folder, name), content);
  return path.join(folder, name);
};

beforeAll(async () => {
  await register(pool);
  const reference = await promote(pool, 'router--v1-aaaaaaaa', 1, START);
  const here = world(pool);
  for (let pane = 1; pane <= 20; pane++) await playPane(pool, here, 'router--v1-aaaaaaaa', reference, rowsOnCourse(100, pane * 100, pane > 10 ? 3 : 10));
});

test('a policy in YAML or JSON, as a page or as JSON', async () => {
  const yaml = await write('policy.yaml', 'monitor:\n  pane: 1m\n  tolerance: { error: 0.5 }\nretrain: { minLabels: 5 }\n');
  const kept = cli();
  expect(await run(['backtest', MODEL, '--policy', yaml, '--change', '2026-03-01T00:50:00Z', '--from', '2026-03-01T00:00:00Z'], kept)).toBe(0);
  const page = kept.lines.join('\n');
  expect(page).toContain('not as asked: panes of 1m cannot be cut out of stored ones of 300s');
  expect(page).toMatch(/under this policy: 0 incidents, 0 runs, 0 labelled rows\n {2}2026-03-01T00:50:00.000Z {2}change {2}not seen/);
  expect(page).toMatch(/as it happened: 1 incident, 0 runs, 0 labelled rows\n {2}2026-03-01T0.* {2}page {4}error by 0\.\d{3}, \d+ alarms?\n.*change {2}seen after \d00 rows/);
  const json = await write('policy.json', '{ "retrain": { "minLabels": 5 } }');
  const other = cli();
  expect(await run(['backtest', MODEL, '--policy', json, '--json'], other)).toBe(0);
  expect(JSON.parse(other.lines[0] ?? '')).toMatchObject({ model: MODEL, panes: 20, rows: 2_000, lacks: [], played: { runs: [], missingLabels: 5 } });
});

test('--compare: the detectors of other tools on the same outcomes, said to promise nothing', async () => {
  const yaml = await write('same.yaml', 'retrain: { minLabels: 5 }\n');
  await pool.query(
    `insert into outcomes (model, prediction_id, predicted_at, arrived_at, adapter, metric, first_score, score, said, repeats, contradictions)
     select $1, 'o' || n, $2::timestamptz + n * interval '1 second', $2, 'router--v1-aaaaaaaa', 'accuracy', s, s, '', 0, 0 from generate_series(1, 2000) n, lateral (select (n <= 1000 or n % 2 = 0)::int as s) o`,
    [MODEL, START],
  );
  const kept = cli();
  expect(await run(['backtest', MODEL, '--policy', yaml, '--change', '2026-03-01T00:16:40Z', '--compare'], kept)).toBe(0);
  const page = kept.lines.join('\n');
  expect(page).toContain('detectors of other tools, with their defaults and no promise, on 2000 labelled rows in the order of the predictions:');
  expect(page).toMatch(/\n {2}ADWIN {9}\d+ alarms?\n {4}2026-03-01T00:16:40.000Z {2}change {2}seen after \d+ labelled rows\n/);
});

test('what is wrong is named', async () => {
  const bad = await write('bad.yaml', 'monitor: [');
  for (const [args, what] of [
    [['backtest', MODEL], /--policy: is missing/], [['backtest', MODEL, '--policy', path.join(folder, 'none')], /ENOENT/], [['backtest', MODEL, '--policy', bad], /bad\.yaml/],
    [['backtest', MODEL, '--policy', bad, '--from', 'soon'], /bad\.yaml/],
  ] as const) {
    const kept = cli();
    expect(await run(args, kept)).toBe(2);
    expect(kept.errors.join('\n')).toMatch(what);
  }
  const good = await write('good.yaml', 'retrain: {}');
  const kept = cli();
  expect(await run(['backtest', MODEL, '--policy', good, '--change', 'soon'], kept)).toBe(2);
  expect(kept.errors[0]).toMatch(/"soon" is no time/);
});
