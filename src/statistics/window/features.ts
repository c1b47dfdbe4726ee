/**
 * Rows as features whose means are compared: hashed n-grams of a text, random Fourier features of a vector. Both are
 * bounded and add up, so a profile may keep their sums instead of the rows.
 */
import { drawNormal } from '../draw.ts';
import { seededUniform } from '../random.ts';

/** A sparse vector. */
export interface Features {
  readonly at: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

export function denseFeatures(vector: ArrayLike<number>): Features {
  return { at: Uint32Array.from({ length: vector.length }, (_, i) => i), value: vector };
}

/**
 * Counts of n-gram hashes in `dims` buckets (a power of two), of length 1; a text without n-grams is all 0. A bit of the
 * hash is the sign, so that collisions cancel on average. (Weinberger et al., "Feature hashing", 2009)
 */
export function hashedFeatures(hashes: Iterable<number>, dims = 4_096): Features {
  const counts = new Map<number, number>();
  for (const hash of hashes) {
    const at = hash & (dims - 1);
    counts.set(at, (counts.get(at) ?? 0) + (hash >>> 31 === 0 ? 1 : -1));
  }
  const length = Math.hypot(...counts.values());
  const used = [...counts].filter(([, count]) => count !== 0).sort(([a], [b]) => a - b);
  return { at: Uint32Array.from(used, ([at]) => at), value: Float64Array.from(used, ([, count]) => count / length) };
}

export interface FourierOptions {
  readonly dims: number;
  readonly features?: number;
  /** The width of the Gaussian kernel; `medianDistance` of reference rows is the usual choice. */
  readonly bandwidth: number;
  readonly seed?: number;
}

/** sqrt(2 / D) cos(w x + b), w normal / bandwidth: inner products are about the Gaussian kernel. (Rahimi and Recht 2007) */
export function fourierFeatures({ dims, features = 256, bandwidth, seed = 1 }: FourierOptions): (vector: ArrayLike<number>) => Float64Array {
  const uniform = seededUniform(seed);
  const weights = Float64Array.from({ length: features * dims }, () => drawNormal(uniform) / bandwidth);
  const phases = Float64Array.from({ length: features }, () => 2 * Math.PI * uniform());
  const height = Math.sqrt(2 / features);
  return (vector) => {
    if (vector.length !== dims) throw new RangeError(`a vector of ${dims} numbers, not ${vector.length}`);
    const mapped = new Float64Array(features);
    for (let j = 0; j < features; j++) {
      let sum = phases[j] as number;
      for (let i = 0; i < dims; i++) sum += (weights[j * dims + i] as number) * (vector[i] as number);
      mapped[j] = height * Math.cos(sum);
    }
    return mapped;
  };
}

/** The median distance of up to 1,000 seeded pairs of rows; 1 where it would be 0. */
export function medianDistance(rows: readonly ArrayLike<number>[], seed = 1): number {
  const uniform = seededUniform(seed);
  const pick = () => rows[Math.floor(uniform() * rows.length)] ?? [];
  const distances = Array.from({ length: rows.length < 2 ? 0 : 1_000 }, () => {
    const [a, b] = [pick(), pick()];
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
    return Math.sqrt(sum);
  });
  // a row drawn against itself says nothing
  const apart = distances.filter((distance) => distance > 0).sort((a, b) => a - b);
  return apart[apart.length >> 1] ?? 1;
}
