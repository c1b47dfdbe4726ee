/**
 * Seeded randomness: sfc32 (PractRand; passes TestU01's BigCrush), one independent stream per (seed, name), so that drawing more
 * numbers for one purpose never changes another.
 */
export type Random = () => number;

/** Uniform numbers in [0, 1) with 32 random bits. */
export function random(seed: number, stream: string): Random {
  let [a, b, c, d] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, hash(stream), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i += 1) next();
  return next;
}

/** Standard normal numbers, by Box and Muller. */
export function normal(uniform: Random): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Fisher and Yates; in place. */
export function shuffle(items: Int32Array, uniform: Random): Int32Array {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(uniform() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

/** FNV-1a. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
