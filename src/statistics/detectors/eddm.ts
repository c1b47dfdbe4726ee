/** Early Drift Detection Method: the distance between errors against its longest so far. (Baena-Garcia et al. 2006) */
import { addToSpread, NO_PROMISE, restarting, varianceOf, type Detector, type Signal } from './detector.ts';

export interface EddmOptions {
  /** Rows, and errors. */
  readonly warmUp: number;
  readonly warning: number;
  readonly drift: number;
}

export const eddm: Detector<EddmOptions> = {
  name: 'EDDM',
  ...NO_PROMISE,
  reads: 'errors',
  defaults: { warmUp: 30, warning: 0.95, drift: 0.9 },
  start: (options = {}) => restarting(() => run({ ...eddm.defaults, ...options })),
};

function run({ warmUp, warning, drift }: EddmOptions): (value: number) => Signal {
  const distances = { n: 0, mean: 0, squares: 0 };
  let [rows, lastError, longest] = [0, 0, -1];
  // a warning holds until an error takes it back
  let standing: Signal = 'none';
  return (value) => {
    rows++;
    if (value !== 1) return standing;
    addToSpread(distances, rows - lastError);
    lastError = rows;
    if (rows <= warmUp) return standing;
    const now = distances.mean + 2 * Math.sqrt(varianceOf(distances));
    if (now > longest) longest = now;
    else if (distances.n > warmUp) {
      if (now / longest < drift) return 'drift';
      standing = now / longest < warning ? 'warning' : 'none';
    }
    return standing;
  };
}
