/**
 * `npm run bench:drift [-- --quick] [--write] [--json] [--only NAME] [--texts FILE]`: simulations of the shipped monitors against what they promise.
 * `--quick` plays the smallest promise in seconds; `--texts` reads a CSV with a header, text and domain, for real unseen domains; `--write` puts the table into bench/drift.md. Exits 1 when a promise is broken.
 */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchRow } from '../row.ts';
import { madeTextRows, textRows, windowRows } from '../drift-window.ts';
import { calibrationRows } from './calibration.ts';
import { delayRows } from './delays.ts';
import { fleetRows } from './fleet.ts';
import { autoregressiveRows, lengthRows, type Size } from './lengths.ts';
import { otherRows } from './others.ts';
import { pageOf } from './page.ts';
import { stepRows } from './step.ts';
import { createWorkers, type Workers } from './workers.ts';

const FULL: Size = { promises: [1e3, 1e4, 1e5], references: [500, 5_000, 50_000], runs: 400, knownRuns: 20_000 };
const QUICK: Size = { promises: [300], references: [500], runs: 100, knownRuns: 4_000 };

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, write: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' }, texts: { type: 'string' } } });
const quick = values.quick === true;
const size = quick ? QUICK : FULL;
const limits = quick ? { seconds: 0.02, repeats: 200 } : { seconds: 1.5, repeats: 2_000 };

const PARTS: Readonly<Record<string, (workers: Workers) => BenchRow[] | Promise<BenchRow[]>>> = {
  lengths: (workers) => lengthRows(workers, size),
  autoregression: (workers) => autoregressiveRows(workers, size),
  calibration: () => calibrationRows(quick ? { promise: 100, runs: 20 } : { promise: 1_000, runs: 100 }),
  delays: (workers) => delayRows(workers, quick ? 60 : 2_000),
  others: (workers) => otherRows(workers, 200),
  fleet: (workers) => fleetRows(workers, quick ? { panes: 60, trials: 2 } : { panes: 8_640, trials: 16 }),
  step: () => stepRows(),
  window: () => windowRows(limits),
  texts: () => [...madeTextRows(limits), ...(values.texts === undefined ? [] : textRows(values.texts, limits))],
};

/** What takes minutes at any setting, and what promises nothing. */
const names = values.only === undefined ? Object.keys(PARTS).filter((name) => !quick || !['others', 'window', 'texts'].includes(name)) : values.only.split(',');
const unknown = names.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  process.stderr.write(`there is no part "${unknown}"; there are: ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
const load = (os.loadavg()[0] as number).toFixed(1);
const began = performance.now();
const workers = createWorkers();
const parts: { name: string; rows: BenchRow[] }[] = [];
for (const name of names) {
  const from = performance.now();
  parts.push({ name, rows: (await PARTS[name]?.(workers)) ?? [] });
  process.stderr.write(`${name}: ${((performance.now() - from) / 1_000).toFixed(1)} s\n`);
}
await workers.close();
if (values.json === true) process.stdout.write(`${JSON.stringify(Object.fromEntries(parts.map(({ name, rows }) => [name, rows])))}\n`);
else for (const { rows } of parts) console.table(rows.map(({ name, figure, unit, goal, reached }) => ({ name, figure, unit, goal: goal === 'none' ? '' : goal, reached })));
if (values.write === true) await writeFile(path.join(import.meta.dirname, '../drift.md'), pageOf(parts, { load, seconds: (performance.now() - began) / 1_000, command: `npm run bench:drift -- ${process.argv.slice(2).join(' ')}` }));
// a run length below its promise is a broken promise; a delay above its goal, or a slow step, is a figure
if (parts.some(({ rows }) => rows.some(({ name, reached }) => /^(run length|false alarms)/.test(name) && !reached))) process.exitCode = 1;
