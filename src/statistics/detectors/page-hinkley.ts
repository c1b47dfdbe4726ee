/** Page-Hinkley with a fading sum, both directions. (Page, Biometrika 41, 1954) */
import { addToMean, NO_PROMISE, restarting, type Detector, type Signal } from './detector.ts';

export interface PageHinkleyOptions {
  readonly warmUp: number;
  readonly delta: number;
  readonly threshold: number;
  /** How much of the sum is kept at each row. */
  readonly alpha: number;
}

export const pageHinkley: Detector<PageHinkleyOptions> = {
  name: 'Page-Hinkley',
  ...NO_PROMISE,
  reads: 'values',
  defaults: { warmUp: 30, delta: 0.005, threshold: 50, alpha: 1 - 0.0001 },
  start: (options = {}) => restarting(() => run({ ...pageHinkley.defaults, ...options })),
};

function run({ warmUp, delta, threshold, alpha }: PageHinkleyOptions): (value: number) => Signal {
  const mean = { n: 0, mean: 0 };
  // -1 is river's start of the highest falling sum
  let [rise, fall, lowest, highest] = [0, 0, Infinity, -1];
  return (value) => {
    addToMean(mean, value);
    const away = value - mean.mean;
    rise = alpha * rise + away - delta;
    fall = alpha * fall + away + delta;
    lowest = Math.min(lowest, rise);
    highest = Math.max(highest, fall);
    return mean.n >= warmUp && (rise - lowest > threshold || highest - fall > threshold) ? 'drift' : 'none';
  };
}
