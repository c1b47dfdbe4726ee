/**
 * What is kept of a text to find near-duplicates: its set of character 5-grams, and MinHash values of that set in bands
 * (Broder 1997; banding: Leskovec, Rajaraman & Ullman, "Mining of Massive Datasets", 3.4). Two texts are near-duplicates when the
 * Jaccard similarity of their sets is at least 0.8; bands only find candidates, the sets decide. A pair at exactly 0.8 shares a
 * band with probability 1 - (1 - 0.8^4)^16 = 0.9998. In a text of fewer than 45 characters one changed letter inside breaks
 * more than a fifth of the 5-grams, so of short texts only those are near that differ at an end ("lights on", "lights off"): they
 * share a side, and as train rows both stay when their labels differ.
 */
import { tellingPart } from '../tasks/index.ts';
import { normalise } from './normalise.ts';

/** Stored bands depend on these: a change needs all of them computed again. */
export const NEAR = { shingle: 5, bands: 16, rows: 4, threshold: 0.8 } as const;

const HASHES = NEAR.bands * NEAR.rows;
const [SEEDS, FACTORS] = hashFamily();

export interface Sketch {
  /** The normalised text. */
  readonly text: string;
  /** Hashes of the 5-grams of what it says, rising, each once. */
  readonly grams: Uint32Array;
  /** One number below 2^53 a band: a double and PostgreSQL's bigint hold it alike. */
  readonly bands: Float64Array;
}

export function sketch(text: string): Sketch {
  const grams = gramsOf(normalise(tellingPart(text)));
  return { text: normalise(text), grams, bands: bandsOf(grams) };
}

/** Shared over all grams: 1 for equal sets, 0 for disjoint ones. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i]!, b[j]!];
    if (x === y) shared += 1;
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  return shared / (a.length + b.length - shared);
}

export function isNear(a: Sketch, b: Sketch): boolean {
  // Sets whose sizes differ by more than the threshold cannot be near: most candidates end here.
  const [small, large] = a.grams.length < b.grams.length ? [a, b] : [b, a];
  return small.grams.length >= NEAR.threshold * large.grams.length && jaccard(a.grams, b.grams) >= NEAR.threshold;
}

/** A text shorter than one gram is one gram. */
function gramsOf(text: string): Uint32Array {
  const count = Math.max(1, text.length - NEAR.shingle + 1);
  const grams = new Uint32Array(count);
  for (let start = 0; start < count; start += 1) {
    let hash = 0x811c9dc5;
    const end = Math.min(text.length, start + NEAR.shingle);
    for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    grams[start] = mix(hash);
  }
  grams.sort();
  let kept = 1;
  for (let i = 1; i < count; i += 1) if (grams[i] !== grams[kept - 1]) grams[kept++] = grams[i]!;
  return grams.slice(0, kept);
}

function bandsOf(grams: Uint32Array): Float64Array {
  const bands = new Float64Array(NEAR.bands);
  for (let band = 0; band < NEAR.bands; band += 1) {
    let low = band + 1;
    let high = 0x9e3779b9 ^ band;
    for (let k = band * NEAR.rows; k < (band + 1) * NEAR.rows; k += 1) {
      const value = minimum(grams, SEEDS[k]!, FACTORS[k]!);
      low = mix(low ^ value);
      high = mix(Math.imul(high, 31) + value);
    }
    bands[band] = (high & 0x1fffff) * 4294967296 + (low >>> 0);
  }
  return bands;
}

function minimum(grams: Uint32Array, seed: number, factor: number): number {
  let least = 0xffffffff;
  for (let i = 0; i < grams.length; i += 1) {
    let x = Math.imul(grams[i]! ^ seed, factor);
    x = (x ^ (x >>> 15)) >>> 0;
    if (x < least) least = x;
  }
  return least;
}

/** The last steps of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashFamily(): [Uint32Array, Uint32Array] {
  const seeds = new Uint32Array(HASHES);
  const factors = new Uint32Array(HASHES);
  for (let k = 0; k < HASHES; k += 1) {
    seeds[k] = mix(2 * k + 1);
    factors[k] = mix(2 * k + 2) | 1;
  }
  return [seeds, factors];
}
