/**
 * Sixteen fixed directions on which vectors are projected: each dimension is left out of a direction, or goes in with 1 or with -1, with chances
 * 2/3, 1/6 and 1/6 (Achlioptas 2003), so that a projection is a few hundred additions. They depend on the number of dimensions alone.
 */
import { mixed } from '../hash.ts';

export const PROJECTIONS = 16;

/** Per direction the dimensions that go in with 1, and those with -1. */
export interface Projections {
  readonly plus: readonly Uint16Array[];
  readonly minus: readonly Uint16Array[];
  /** sqrt(3 / dims): a vector of components of variance v has projections of variance v. */
  readonly scale: number;
}

export function projectionsFor(dims: number): Projections {
  const chosen = (sign: number) => Array.from({ length: PROJECTIONS }, (_, k) =>
    Uint16Array.from(Array.from({ length: dims }, (_each, i) => i).filter((i) => mixed(Math.imul(k + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca77)) % 6 === sign)));
  return { plus: chosen(0), minus: chosen(1), scale: Math.sqrt(3 / dims) };
}

/** A vector's projection on direction k. Sums run in one order, so that equal vectors have equal projections. */
export function project({ plus, minus, scale }: Projections, vector: ArrayLike<number>, k: number): number {
  return (sumOf(vector, plus[k] as Uint16Array) - sumOf(vector, minus[k] as Uint16Array)) * scale;
}

function sumOf(vector: ArrayLike<number>, at: Uint16Array): number {
  let [a, b, i] = [0, 0, 0];
  // two sums at a time do not wait for each other
  for (; i + 1 < at.length; i += 2) {
    a += vector[at[i] as number] as number;
    b += vector[at[i + 1] as number] as number;
  }
  return i < at.length ? a + b + (vector[at[i] as number] as number) : a + b;
}
