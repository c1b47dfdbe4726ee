/** Tabular CUSUM against the mean and deviation of its first rows, both directions. (Page, Biometrika 41, 1954) */
import { addToSpread, NO_PROMISE, restarting, varianceOf, type Detector, type Signal } from './detector.ts';

export interface CusumOptions {
  readonly warmUp: number;
  /** In standard deviations, as is the threshold. */
  readonly slack: number;
  readonly threshold: number;
}

export const cusum: Detector<CusumOptions> = {
  name: 'CUSUM',
  ...NO_PROMISE,
  reads: 'values',
  defaults: { warmUp: 30, slack: 0.5, threshold: 5 },
  start: (options = {}) => restarting(() => run({ ...cusum.defaults, ...options })),
};

function run({ warmUp, slack, threshold }: CusumOptions): (value: number) => Signal {
  const seen = { n: 0, mean: 0, squares: 0 };
  let [rise, fall, deviation] = [0, 0, 0];
  return (value) => {
    if (seen.n < warmUp) {
      addToSpread(seen, value);
      if (seen.n < warmUp) return 'none';
      deviation = Math.sqrt(varianceOf(seen));
    }
    const away = value - seen.mean;
    rise = Math.max(0, rise + away - slack * deviation);
    fall = Math.max(0, fall - away - slack * deviation);
    return rise > threshold * deviation || fall > threshold * deviation ? 'drift' : 'none';
  };
}
