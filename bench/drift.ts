/**
 * Drift measured on the shipped code: delay of detection, false alarms against the promise, and the hot path of the profile.
 * `node --expose-gc bench/drift.ts` prints the table; `driftRows()` gives it to the common bench.
 */
import { pathToFileURL } from 'node:url';
import { clopperPearsonUpper } from '../src/statistics/intervals.ts';
import { startDetector, stepDetector } from '../src/statistics/e-detector.ts';
import { budgetRows } from './budget.ts';
import { hotPathRows } from './profile.ts';
import type { BenchRow } from './row.ts';

/** mulberry32: a seeded uniform source. */
function source(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Stream {
  readonly before: number;
  readonly after: number;
  /** Reference rows whose 99 % bound is m; null: the rate before is known. */
  readonly reference: number | null;
  readonly promise: number;
  readonly change: number;
  readonly limit: number;
}

/** Rows (panes of one row) from the change to the first alarm after it; alarms before it start the detector anew. */
function runLength(stream: Stream, uniform: () => number): number {
  let errors = 0;
  for (let i = 0; i < (stream.reference ?? 0); i++) if (uniform() < stream.before) errors++;
  const m = stream.reference === null ? stream.before : clopperPearsonUpper(errors, stream.reference, 0.01);
  let detector = startDetector([m]);
  for (let t = 0; t < stream.change + stream.limit; t++) {
    const rate = t < stream.change ? stream.before : stream.after;
    const step = stepDetector(detector, [{ n: 1, s: uniform() < rate ? 1 : 0 }], stream.promise);
    detector = step.detector;
    if (step.alarm && t >= stream.change) return t - stream.change + 1;
  }
  return stream.limit;
}

function repeat(trials: number, stream: Stream): number[] {
  const uniform = source(7);
  return Array.from({ length: trials }, () => runLength(stream, uniform)).sort((a, b) => a - b);
}

function delayRow(before: number, after: number, goal: number | null): BenchRow[] {
  const lengths = repeat(300, { before, after, reference: 5_000, promise: 1e5, change: 5_000, limit: 20_000 });
  const at = (share: number) => lengths[Math.floor(share * lengths.length)] ?? Number.NaN;
  const name = `detection, error ${before.toFixed(2)} to ${after.toFixed(2)}, promise 1e5, 5,000 reference rows`;
  return [
    { name: `${name}, median`, figure: at(0.5), unit: 'rows', goal: goal === null ? 'none' : `${goal} or fewer`, reached: goal === null || at(0.5) <= goal },
    { name: `${name}, 95 %`, figure: at(0.95), unit: 'rows', goal: 'none', reached: true },
  ];
}

/** Lower 99 % bound of the mean run length; run lengths are cut at 20 promises, which only lowers it. */
function falseAlarmRow(promise: number, reference: number | null, trials: number): BenchRow {
  const lengths = repeat(trials, { before: 0.1, after: 0.1, reference, promise, change: 0, limit: 20 * promise });
  const mean = lengths.reduce((sum, x) => sum + x, 0) / trials;
  const deviation = Math.sqrt(lengths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (trials - 1));
  const low = Math.round(mean - (2.326 * deviation) / Math.sqrt(trials));
  const known = reference === null ? 'known mean' : `${reference} reference rows`;
  return { name: `false alarms, promise ${promise}, ${known}: mean run length, lower 99 % bound`, figure: low, unit: 'panes', goal: `above ${promise}`, reached: low > promise };
}

export function driftRows(): BenchRow[] {
  return [
    ...delayRow(0.1, 0.15, 800),
    ...delayRow(0.1, 0.2, null),
    ...delayRow(0.02, 0.04, null),
    falseAlarmRow(1e3, null, 2_000),
    falseAlarmRow(1e4, null, 1_000),
    falseAlarmRow(1e3, 5_000, 200),
    falseAlarmRow(1e4, 5_000, 30),
    ...budgetRows(source(7)),
    ...hotPathRows(),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(driftRows());
