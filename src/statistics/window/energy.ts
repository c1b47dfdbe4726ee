/**
 * Energy distance in one dimension, sqrt(2 integral (F - G)^2), as scipy has it; in roots of the values' units.
 * Effect: the energy coefficient H = (2 E|X - Y| - E|X - X'| - E|Y - Y'|) / (2 E|X - Y|), in [0, 1], from means over
 * different rows, so that chance adds nothing (Szekely and Rizzo 2013). Basic bootstrap interval of H.
 */
import { bootstrapped, measure } from './distance.ts';
import { clamp, type WindowOptions, type WindowResult } from './result.ts';
import type { Cells, OrderedTable } from './table.ts';

/** Points are finite and ascend. */
export function energyDistance(table: OrderedTable, options: WindowOptions = {}): WindowResult {
  return measure(table, {
    most: 1,
    statistic: (cells) => Math.sqrt(2 * integrals(cells).apart),
    effect: (cells) => {
      const { apart, across, within } = integrals(cells);
      return across === 0 ? 0 : clamp((2 * apart - within) / (2 * across), 0, 1);
    },
    interval: bootstrapped((cells) => {
      const { apart, across } = integrals(cells);
      return across === 0 ? 0 : apart / across;
    }, (x) => x, 1),
  }, options);
}

/** Integrals of (F - G)^2; of F(1 - G) + G(1 - F), which is E|X - Y|; and what chance adds to twice the first. */
function integrals({ a, b, n, m, points }: Cells): { apart: number; across: number; within: number } {
  let [below, current, apart, across, within] = [0, 0, 0, 0, 0];
  for (let i = 0; i + 1 < a.length; i++) {
    below += a[i] as number;
    current += b[i] as number;
    const step = (points[i + 1] as number) - (points[i] as number);
    const [f, g] = [below / n, current / m];
    apart += step * ((below * m - current * n) / (n * m)) ** 2;
    across += step * (f * (1 - g) + g * (1 - f));
    within += 2 * step * ((f * (1 - f)) / Math.max(1, n - 1) + (g * (1 - g)) / Math.max(1, m - 1));
  }
  return { apart, across, within };
}
