/**
 * The contrastive loss InfoNCE (arXiv 1807.03748): each query's softmax over the cosines with all documents of the batch, its
 * own one being right. Computed whole, in float64, from vectors that were embedded elsewhere: so micro-batches and workers change nothing.
 */
import type { EncodedRow } from './batches.ts';

/** Cosines lie in [-1, 1]: divided by this they can tell documents apart (the value of SimCSE and E5). */
export const TEMPERATURE = 0.05;

/** The texts of a batch, each once: a document that stands in it twice would be its own wrong answer. */
export interface ContrastBatch {
  /** What is embedded: the queries, then the documents. */
  readonly texts: readonly EncodedRow[];
  readonly queries: number;
  /** For each query the index of its right document, counted from the first document. */
  readonly targets: Int32Array;
  /** Shares in the mean loss; they add up to 1. */
  readonly shares: Float64Array;
}

export function contrastBatch(rows: readonly EncodedRow[]): ContrastBatch {
  const known = new Map<string, number>();
  const documents: Int32Array[] = [];
  const indexOf = (document: Int32Array): number => {
    const key = document.join();
    const index = known.get(key) ?? documents.push(document) - 1;
    known.set(key, index);
    return index;
  };
  const targets = Int32Array.from(rows, ({ documents: own }) => own!.map(indexOf)[0]!);
  const total = rows.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const text = (tokens: Int32Array): EncodedRow => ({ tokens, targets: new Int32Array(0), weight: 1 });
  return { texts: [...rows.map(({ tokens }) => text(tokens)), ...documents.map(text)], queries: rows.length, targets, shares: Float64Array.from(rows, ({ weight }) => weight / total) };
}

/** A vector as its length and direction. */
function direction(vector: ArrayLike<number>): { readonly unit: Float64Array; readonly length: number } {
  let sum = 0;
  for (let i = 0; i < vector.length; i += 1) sum += vector[i]! * vector[i]!;
  // A vector of zeros has no direction; it gets no gradient either.
  const length = Math.sqrt(sum) || 1;
  return { unit: Float64Array.from(vector, (value) => value / length), length };
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i += 1) sum += x[i]! * y[i]!;
  return sum;
}

/** Loss of each query in nats, and the gradient of the shares' sum by each vector (queries first). */
export function contrast({ queries, targets, shares }: Omit<ContrastBatch, 'texts'>, vectors: readonly ArrayLike<number>[], temperature = TEMPERATURE): { perQuery: Float64Array; gradients: Float32Array[] } {
  const all = vectors.map(direction);
  const documents = all.slice(queries);
  const byUnit = all.map(({ unit }) => new Float64Array(unit.length));
  const perQuery = new Float64Array(queries);
  for (let i = 0; i < queries; i += 1) {
    const { unit } = all[i]!;
    const { loss, shares: chances } = softLoss(documents.map((document) => dot(unit, document.unit)), targets[i]!, temperature);
    perQuery[i] = loss;
    chances.forEach((chance, j) => {
      const slope = (shares[i]! * (chance - (j === targets[i] ? 1 : 0))) / temperature;
      addTo(byUnit[i]!, documents[j]!.unit, slope);
      addTo(byUnit[queries + j]!, unit, slope);
    });
  }
  // Only the part across the direction turns it: d/dv of v / |v|.
  const gradients = all.map(({ unit, length }, i) => {
    const along = dot(byUnit[i]!, unit);
    return Float32Array.from(unit, (value, k) => (byUnit[i]![k]! - along * value) / length);
  });
  return { perQuery, gradients };
}

function addTo(sum: Float64Array, values: Float64Array, factor: number): void {
  for (let k = 0; k < sum.length; k += 1) sum[k]! += factor * values[k]!;
}

/** A vector's direction, float64: cosines are then plain dot products. */
export const unitOf = (vector: ArrayLike<number>): Float64Array => direction(vector).unit;

/** Cross-entropy of the right document among all by their cosines, and each one's share of the softmax. */
export function softLoss(cosines: readonly number[], target: number, temperature = TEMPERATURE): { loss: number; shares: number[] } {
  const most = cosines.reduce((best, cosine) => Math.max(best, cosine), -1);
  const powers = cosines.map((cosine) => Math.exp((cosine - most) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return { loss: (most - cosines[target]!) / temperature + Math.log(total), shares: powers.map((power) => power / total) };
}

/** Indices of the largest cosines, best first, at most `most`; equal ones keep their order. */
export function largest(cosines: readonly number[], most: number): number[] {
  const best: number[] = [];
  cosines.forEach((cosine, index) => {
    if (best.length === most && cosine <= cosines[best.at(-1)!]!) return;
    const at = best.findIndex((other) => cosine > cosines[other]!);
    best.splice(at < 0 ? best.length : at, 0, index);
    if (best.length > most) best.pop();
  });
  return best;
}

export interface Ranked {
  /** Index of a document. */
  readonly index: number;
  readonly cosine: number;
}

/** Documents nearest to the query, best first; all are unit vectors. */
export function nearest(query: Float64Array, documents: readonly Float64Array[], most: number): Ranked[] {
  const cosines = documents.map((document) => dot(query, document));
  return largest(cosines, most).map((index) => ({ index, cosine: cosines[index]! }));
}
