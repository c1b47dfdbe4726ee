/** What the distances between binned distributions share: no p-value and so no promise, unless permutations are asked for. */
import { basicBootstrap, RESAMPLES } from './bootstrap.ts';
import type { Interval } from '../intervals.ts';
import { permutationP } from './permutations.ts';
import { nothingKnown, UNBOUNDED, type WindowOptions, type WindowResult } from './result.ts';
import { cellsOf, type Cells, type Table } from './table.ts';

export interface Distance {
  readonly most: number;
  statistic(cells: Cells): number;
  effect(cells: Cells, statistic: number): number;
  interval(cells: Cells, statistic: number, level: number, options: WindowOptions): Interval;
}

export function measure(table: Table, distance: Distance, options: WindowOptions): WindowResult {
  const cells = cellsOf(table);
  const { draws = 0, seed = 1, level = 0.95 } = options;
  const guarantee = draws > 0 ? 'exact' : 'none';
  if (cells.n === 0 || cells.m === 0) return nothingKnown(distance.most, guarantee);
  const statistic = distance.statistic(cells);
  return {
    statistic,
    p: draws > 0 ? permutationP(cells, distance.statistic, statistic, { draws, seed }) : null,
    effect: distance.effect(cells, statistic),
    interval: distance.interval(cells, statistic, level, options),
    guarantee,
  };
}

/** The basic bootstrap of what `value` computes, put through `scale`. */
export function bootstrapped(value: (cells: Cells) => number, scale: (value: number) => number = (x) => x, most: number = UNBOUNDED): Distance['interval'] {
  return (cells, _statistic, level, { seed = 1, resamples = RESAMPLES }) => {
    const { low, high } = basicBootstrap(cells, value, { level, seed, resamples });
    return { low: Math.min(most, scale(low)), high: Math.min(most, scale(high)) };
  };
}

/** (k - 1)(1/n + 1/m): what chance alone adds to a distance that is locally sum (q - p)^2 / p. */
export function chanceShare({ a, n, m }: Cells): number {
  return (a.length - 1) * (1 / n + 1 / m);
}
