/** Drift Detection Method: the error rate against its lowest so far. (Gama et al., SBIA 2004) */
import { addToMean, NO_PROMISE, restarting, type Detector, type Signal } from './detector.ts';

export interface DdmOptions {
  readonly warmUp: number;
  /** In standard deviations. */
  readonly warning: number;
  readonly drift: number;
}

export const ddm: Detector<DdmOptions> = {
  name: 'DDM',
  ...NO_PROMISE,
  reads: 'errors',
  defaults: { warmUp: 30, warning: 2, drift: 3 },
  start: (options = {}) => restarting(() => run({ ...ddm.defaults, ...options })),
};

function run({ warmUp, warning, drift }: DdmOptions): (value: number) => Signal {
  const rate = { n: 0, mean: 0 };
  let [lowest, deviation] = [Infinity, Infinity];
  return (value) => {
    addToMean(rate, value);
    if (rate.n <= warmUp) return 'none';
    // rounding can carry a rate of all errors past 1
    const now = Math.sqrt(Math.max(0, (rate.mean * (1 - rate.mean)) / rate.n));
    if (rate.mean + now <= lowest + deviation) [lowest, deviation] = [rate.mean, now];
    if (rate.mean + now > lowest + drift * deviation) return 'drift';
    return rate.mean + now > lowest + warning * deviation ? 'warning' : 'none';
  };
}
