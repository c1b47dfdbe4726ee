/** Shannon entropy of a text's UTF-16 units, in bits a unit. Low for what repeats itself, high for noise. */

const counts = new Int32Array(0x10000);
/** What c log2 c grows by when c becomes c + 1: so that one pass is enough. */
const GROWTH = Float64Array.from({ length: 4_096 }, (_, c) => growth(c));

function growth(c: number): number {
  return (c + 1) * Math.log2(c + 1) - (c === 0 ? 0 : c * Math.log2(c));
}

/** 0 of an empty text. No allocation. */
export function entropyOf(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const c = counts[code] as number;
    sum += c < GROWTH.length ? (GROWTH[c] as number) : growth(c);
    counts[code] = c + 1;
  }
  for (let i = 0; i < text.length; i++) counts[text.charCodeAt(i)] = 0;
  // of a text of one unit repeated, rounding may leave less than nothing
  return text.length === 0 ? 0 : Math.max(0, Math.log2(text.length) - sum / text.length);
}
