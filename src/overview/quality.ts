/** Quality as people read it: a mean score with its interval. */
import { meanInterval } from '../statistics/bounded-mean.ts';
import { wilson } from '../statistics/intervals.ts';
import { rulesOf, type ModelSpec } from '../spec.ts';

export interface Quality {
  readonly score: number;
  /** At 95 %. */
  readonly interval: readonly [number, number];
  /** Labelled rows. */
  readonly n: number;
}

const LEVEL = 0.95;

/** Of sums of 1 - score and of its square over labelled rows; null without any. Wilson where a score is 0 or 1, else a bound that asks for nothing. */
export function qualityOf(spec: ModelSpec, { labelled, loss, squares }: { readonly labelled: number; readonly loss: number; readonly squares: number }): Quality | null {
  if (labelled === 0) return null;
  const binary = rulesOf(spec).binary.includes(spec.gates.metric);
  const { low, high } = binary ? wilson(loss, labelled, LEVEL) : meanInterval({ n: labelled, sum: loss, squares }, LEVEL);
  return { score: 1 - loss / labelled, interval: [1 - high, 1 - low], n: labelled };
}
