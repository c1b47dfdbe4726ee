/** What a step of the e-detector costs, in time and in memory. */
import { betsFor, BETS } from '../../src/statistics/bets.ts';
import { raise } from '../../src/statistics/e-detector.ts';
import type { BenchRow } from '../row.ts';

/** The quickest of five rounds by the processor's clock: others may be at work on the machine. Bytes: what the heap grew by in the last four, once all is compiled. */
function cost(steps: number, n: number, sums: Uint8Array): { ns: number; bytes: number } {
  const levels = new Float64Array(BETS);
  const bets = betsFor(0.1);
  let [best, seen, heap] = [Infinity, 0, 0];
  for (let round = 0; round < 5; round++) {
    if (round === 1) heap = process.memoryUsage().heapUsed;
    const start = process.cpuUsage().user;
    for (let i = 0; i < steps; i++) {
      if (raise(levels, bets, n, sums[i & 4_095] as number) >= 1e5) levels.fill(0);
    }
    best = Math.min(best, ((process.cpuUsage().user - start) * 1_000) / steps);
    seen += levels[0] as number;
  }
  if (Number.isNaN(seen)) throw new Error('a level is not a number');
  return { ns: Number(best.toFixed(1)), bytes: Number((Math.max(0, process.memoryUsage().heapUsed - heap) / (4 * steps)).toFixed(3)) };
}

export function stepRows(): BenchRow[] {
  const hits = (n: number) => Uint8Array.from({ length: 4_096 }, (_, i) => (n === 1 ? Number(i % 10 === 0) : Math.round(n * (0.08 + ((i * 7) % 5) / 100))));
  const row = cost(2e6, 1, hits(1));
  return [
    { name: 'e-detector, a step of one row', figure: row.ns, unit: 'ns', goal: '25 or fewer', reached: row.ns <= 25 },
    { name: 'e-detector, a step of one row, allocated', figure: row.bytes, unit: 'bytes', goal: 'below 1 (an object has 16)', reached: row.bytes < 1 },
    { name: 'e-detector, a step of a pane of 100 rows', figure: cost(5e5, 100, hits(100)).ns, unit: 'ns', goal: 'none', reached: true },
  ];
}
