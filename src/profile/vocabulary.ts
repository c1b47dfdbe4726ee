/**
 * The set of n-grams that the train rows contain, as a Bloom filter with three probes.
 * A false hit calls an unseen n-gram seen; with 12 bits or more for each n-gram that happens to 1.1 % at most.
 */
import { mixed } from './hash.ts';
import { eachNgram, scanText, type Scan } from './ngrams.ts';

const PROBES = 3;
const BITS_EACH = 12;
const LEAST_BITS = 2 ** 18;

export interface Vocabulary {
  /** A power of two of bits; bit b is bit b % 8 of byte b >> 3. */
  readonly bits: Uint8Array;
  /** Distinct n-grams that went in. */
  readonly size: number;
}

export function vocabularyOf(texts: readonly string[]): Vocabulary {
  const distinct = new Set<number>();
  for (const text of texts) eachNgram(text, (hash) => distinct.add(hash));
  let bits = LEAST_BITS;
  while (bits < distinct.size * BITS_EACH) bits *= 2;
  const filter = new Uint8Array(bits / 8);
  for (const hash of distinct) {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(hash, probe, bits);
      filter[bit >> 3] = (filter[bit >> 3] as number) | (1 << (bit & 7));
    }
  }
  return { bits: filter, size: distinct.size };
}

/** Share of a text's n-grams that are not in the vocabulary, in [0, 1]; 0 of a text without words. */
export function unseenShare(vocabulary: Vocabulary, text: string): number {
  return unseenShareOf(vocabulary, scanText(text));
}

/** The same of a text that was scanned. */
export function unseenShareOf(vocabulary: Vocabulary, { hashes, count }: Scan): number {
  let unseen = 0;
  for (let i = 0; i < count; i++) if (!has(vocabulary, (hashes[i] as number) >>> 0)) unseen++;
  return count === 0 ? 0 : unseen / count;
}

function has({ bits }: Vocabulary, hash: number): boolean {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = bitOf(hash, probe, bits.length * 8);
    if (((bits[bit >> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Double hashing (Kirsch and Mitzenmacher 2006): as good as independent probes. */
function bitOf(hash: number, probe: number, bits: number): number {
  return ((hash + Math.imul(probe, mixed(hash ^ 0x5bd1e995) | 1)) >>> 0) & (bits - 1);
}
