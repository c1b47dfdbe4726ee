/** HDDM-A: the mean since the best cut against the mean before it, by Hoeffding's bound; rises only. (Frias-Blanco et al., TKDE 27, 2015) */
import { addToMean, NO_PROMISE, restarting, type Detector, type Mean, type Signal } from './detector.ts';

export interface HddmAOptions {
  readonly drift: number;
  readonly warning: number;
}

export const hddmA: Detector<HddmAOptions> = {
  name: 'HDDM-A',
  ...NO_PROMISE,
  reads: 'errors',
  defaults: { drift: 0.001, warning: 0.005 },
  start: (options = {}) => restarting(() => run({ ...hddmA.defaults, ...options })),
};

function run({ drift, warning }: HddmAOptions): (value: number) => Signal {
  const all: Mean = { n: 0, mean: 0 };
  let cut: Mean = { n: 0, mean: 0 };
  const bound = (n: number) => Math.sqrt((1 / (2 * n)) * Math.log(1 / drift));
  const risen = (confidence: number) => {
    if (cut.n === all.n) return false;
    const share = ((all.n - cut.n) / cut.n) * (1 / all.n);
    return all.mean - cut.mean >= Math.sqrt((share / 2) * Math.log(2 / confidence));
  };
  return (value) => {
    addToMean(all, value);
    if (cut.n === 0 || cut.mean + bound(cut.n) >= all.mean + bound(all.n)) cut = { ...all };
    return risen(drift) ? 'drift' : risen(warning) ? 'warning' : 'none';
  };
}
