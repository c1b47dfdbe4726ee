/** Finds the layer in which numbers stop being finite: a backend that can look at what its linear layers give. */
import type { Backend, Tensor } from './ops.ts';

export interface Watched<T extends Tensor> {
  readonly backend: Backend<T>;
  /** Runs a forward pass; gives the number of the first linear layer, in order of computation, with a result that is not finite, or null. */
  watched(forward: () => void): number | null;
}

/** While nobody watches, it costs one comparison a layer. */
export function watch<T extends Tensor>(backend: Backend<T>): Watched<T> {
  let [watching, calls] = [false, 0];
  let first: number | null = null;
  const linear: Backend<T>['linear'] = (x, layer) => {
    const found = backend.linear(x, layer);
    if (watching) {
      if (first === null && !backend.read(found.y).every(Number.isFinite)) first = calls;
      calls += 1;
    }
    return found;
  };
  return {
    backend: { ...backend, linear },
    watched(forward) {
      [watching, calls, first] = [true, 0, null];
      try {
        forward();
        return first;
      } finally {
        watching = false;
      }
    },
  };
}
