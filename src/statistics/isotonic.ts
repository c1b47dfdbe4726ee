/**
 * Isotonic regression: the nondecreasing function nearest to weighted points in least squares, by pooling adjacent violators
 * (Ayer et al. 1955), between the points by straight lines and outside of them constant, as scikit-learn has it.
 */

/** Ascending x, each once, with the fitted y. */
export interface IsotonicFit {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** `x` ascending, each once; weights above 0. */
export function fitIsotonic(x: readonly number[], y: readonly number[], weights: readonly number[]): IsotonicFit {
  const blocks: { sum: number; weight: number; points: number }[] = [];
  y.forEach((value, i) => {
    let block = { sum: value * (weights[i] as number), weight: weights[i] as number, points: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.sum * block.weight >= block.sum * last.weight; last = blocks.at(-1)) {
      blocks.pop();
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, points: last.points + block.points };
    }
    blocks.push(block);
  });
  return { x, y: blocks.flatMap(({ sum, weight, points }) => Array.from({ length: points }, () => sum / weight)) };
}

/** The fit at a point; NaN of a fit without points. */
export function isotonicAt({ x, y }: IsotonicFit, at: number): number {
  let [low, high] = [0, x.length - 1];
  if (high < 0) return Number.NaN;
  if (at <= (x[0] as number)) return y[0] as number;
  if (at >= (x[high] as number)) return y[high] as number;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((x[middle] as number) <= at) low = middle;
    else high = middle;
  }
  const [left, right] = [x[low] as number, x[high] as number];
  return (y[low] as number) + (((y[high] as number) - (y[low] as number)) * (at - left)) / (right - left);
}
