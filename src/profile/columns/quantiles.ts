/** Quantiles from a histogram, for people: a bin's lower end stands for its values, which is exact where there are few different ones. */
import type { NumberCounts, NumberLayout } from './number.ts';

/** One value for each share in [0, 1], ascending; null where there is no value. Values outside the reference's range stand at its ends. */
export function quantilesOf({ edges, least }: Pick<NumberLayout, 'edges' | 'least'>, { bins, count }: Pick<NumberCounts, 'bins' | 'count'>, shares: readonly number[]): number[] | null {
  if (count === 0) return null;
  let [bin, below] = [0, 0];
  return shares.map((share) => {
    while (bin < bins.length - 1 && below + (bins[bin] as number) < share * count) below += bins[bin++] as number;
    return bin === 0 ? least : (edges[bin - 1] as number);
  });
}
