/** HDDM-W: as HDDM-A with exponentially weighted means, by McDiarmid's bound; rises only. (Frias-Blanco et al., TKDE 27, 2015) */
import { NO_PROMISE, restarting, type Detector, type Signal } from './detector.ts';

export interface HddmWOptions {
  readonly drift: number;
  readonly warning: number;
  /** Weight of the newest row. */
  readonly lambda: number;
}

export const hddmW: Detector<HddmWOptions> = {
  name: 'HDDM-W',
  ...NO_PROMISE,
  reads: 'errors',
  defaults: { drift: 0.001, warning: 0.005, lambda: 0.05 },
  start: (options = {}) => restarting(() => run({ ...hddmW.defaults, ...options })),
};

/** A weighted mean and the sum of its squared weights; null before the first row. */
interface Weighted {
  readonly mean: number | null;
  readonly weights: number;
}

const NONE: Weighted = { mean: null, weights: 1 };

function run({ drift, warning, lambda }: HddmWOptions): (value: number) => Signal {
  let [all, before, after, cut] = [NONE, NONE, NONE, Infinity];
  const add = ({ mean, weights }: Weighted, value: number): Weighted => ({
    mean: mean === null ? value : lambda * value + (1 - lambda) * mean,
    weights: lambda * lambda + (1 - lambda) ** 2 * weights,
  });
  const bound = (weights: number, confidence: number) => Math.sqrt((weights * Math.log(1 / confidence)) / 2);
  const risen = (confidence: number) => before.mean !== null && after.mean !== null && after.mean - before.mean > bound(before.weights + after.weights, confidence);
  return (value) => {
    all = add(all, value);
    const upper = (all.mean ?? 0) + bound(all.weights, drift);
    if (upper < cut) [cut, before, after] = [upper, all, NONE];
    else after = add(after, value);
    return risen(drift) ? 'drift' : risen(warning) ? 'warning' : 'none';
  };
}
