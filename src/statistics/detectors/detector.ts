/**
 * Detectors of other tools, row by row, so that users can compare. None lets anyone choose how many false alarms it gives:
 * at its defaults the same detector gives 0 to more than 1,000 in a million rows, as the data will have it.
 */

export type Signal = 'none' | 'warning' | 'drift';

export interface Detector<Options> {
  readonly name: string;
  /** Said wherever a detector is named: its alarms promise nothing. */
  readonly guarantee: 'none';
  readonly promise: 'no promise';
  /** `errors`: 1 for an error, 0 for none. `values`: any finite number. */
  readonly reads: 'errors' | 'values';
  /** As in river. */
  readonly defaults: Options;
  /** Starts one stream. After a drift the next row begins anew. State is bounded. */
  start(options?: Partial<Options>): (value: number) => Signal;
}

/** What no detector of this set has. */
export const NO_PROMISE = { guarantee: 'none', promise: 'no promise' } as const;

/** Steps of one run; after a drift a new run begins. */
export function restarting(begin: () => (value: number) => Signal): (value: number) => Signal {
  let step = begin();
  return (value) => {
    const signal = step(value);
    if (signal === 'drift') step = begin();
    return signal;
  };
}

/** A running mean. */
export interface Mean {
  n: number;
  mean: number;
}

export function addToMean(mean: Mean, value: number): void {
  mean.n++;
  mean.mean += (value - mean.mean) / mean.n;
}

/** A running mean and variance. (Welford 1962) */
export interface Spread extends Mean {
  squares: number;
}

export function addToSpread(spread: Spread, value: number): void {
  const before = spread.mean;
  addToMean(spread, value);
  spread.squares += (value - before) * (value - spread.mean);
}

/** Sample variance; 0 of fewer than two values. */
export function varianceOf({ n, squares }: Spread): number {
  return n < 2 ? 0 : squares / (n - 1);
}
