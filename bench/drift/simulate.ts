/** Plays traffic against the detector's own step. */
import { BETS } from '../../src/statistics/bets.ts';
import { raiseBy } from '../../src/statistics/e-detector.ts';
import { draw, type Law, type Uniform } from './laws.ts';
import { changing, type Change, type Traffic } from './worlds.ts';

/** Panes until the first alarm; `limit` where none came. */
export function runLength({ laws, at }: Traffic, threshold: number, limit: number, uniform: Uniform): number {
  const levels = new Float64Array(BETS);
  let named = -1;
  for (let t = 0; t < limit; t++) {
    const { below, evidence, next } = laws[named >= 0 ? named : at(t)] as Law;
    const outcome = draw(below, uniform);
    if (next !== undefined) named = next[outcome] as number;
    if (raiseBy(levels, evidence[outcome] as Float64Array) >= threshold) return t + 1;
  }
  return limit;
}

/** Rows from the change to the alarm after it; alarms before it start the detector anew. `quiet` and `most` are rows. */
export function delay(change: Change, { threshold, quiet, most }: { threshold: number; quiet: number; most: number }, uniform: Uniform): number {
  const laws = changing(change, uniform);
  const levels = new Float64Array(BETS);
  const from = Math.ceil(quiet / change.rows);
  for (let t = 0; t < from + most / change.rows; t++) {
    const { below, evidence } = t < from ? laws.quiet : laws.changed;
    if (raiseBy(levels, evidence[draw(below, uniform)] as Float64Array) < threshold) continue;
    if (t >= from) return (t - from + 1) * change.rows;
    levels.fill(0);
  }
  return most;
}
