/**
 * Where in the text each token stands. The tokenizers' library gives none of it, so it is found again: the text is normalised piece by
 * piece, which says where each normalised character comes from, and the tokens' bytes are laid along the bytes of that.
 *
 * All offsets are UTF-16 units of the original text.
 */
import type { Units } from './tags.ts';

/** A normalised text and, for each of its UTF-16 units, the part of the original that it comes from. */
export interface Traced {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** White space; else a character with the marks that it carries: what normalisation keeps together. */
const PIECE = /\s+|\P{M}\p{M}*|\p{M}+/gu;
/** Letters that no normalisation changes: between them a piece is not at an end, where white space might be stripped. */
const [LEFT, RIGHT] = ['a', 'b'];
const MAX_KNOWN = 65_536;

export interface Normaliser {
  normalise(text: string): string;
  /** Finds tokens that are spelt out in the text and stay as they are: special ones. Null when there are none. */
  readonly literals: RegExp | null;
}

/** Normalises and keeps track. `known` remembers pieces. */
export function trace(text: string, { normalise, literals }: Normaliser, known: Map<string, string>): Traced {
  // With the expression in brackets, split keeps what it finds, at the odd places.
  const sections = literals === null ? [text] : text.split(literals);
  const traced = sections.map((section, i) => (i % 2 === 1 ? verbatim(section) : traceSection(section, normalise, known)));
  if (traced.length === 1) return traced[0]!;
  let from = 0;
  const shift = (pick: 'starts' | 'ends'): Int32Array => {
    from = 0;
    return Int32Array.from(traced.flatMap((part, i) => {
      const moved = Array.from(part[pick], (at) => at + from);
      from += sections[i]!.length;
      return moved;
    }));
  };
  return { text: traced.map((part) => part.text).join(''), starts: shift('starts'), ends: shift('ends') };
}

const verbatim = (text: string): Traced => ({ text, starts: new Int32Array(text.length), ends: new Int32Array(text.length).fill(text.length) });

function traceSection(text: string, normalise: (text: string) => string, known: Map<string, string>): Traced {
  const pieces = text.match(PIECE) ?? [];
  const whole = text === '' ? '' : normalise(text);
  const alone = pieces.map((piece) => {
    const found = known.get(piece) ?? between(normalise(LEFT + piece + RIGHT));
    if (known.size < MAX_KNOWN) known.set(piece, found);
    return found;
  });
  const joined = alone.join('');
  // What is taken away at the ends (white space) or put there (a marker of the start) shifts the rest and changes nothing in it.
  const shift = joined.length === whole.length ? 0 : joined.includes(whole) ? joined.indexOf(whole) : whole.includes(joined) ? -whole.indexOf(joined) : null;
  return shift === null ? traceByPrefixes(pieces, whole, normalise) : lay(whole, pieces, (i) => alone[i]!.length, -shift);
}

const between = (sandwich: string): string => sandwich.slice(sandwich.indexOf(LEFT) + 1, sandwich.lastIndexOf(RIGHT));

/** Gives each piece its share of the normalised text, from `at` on. */
function lay(text: string, pieces: readonly string[], lengthOf: (piece: number) => number, at: number): Traced {
  const [starts, ends] = [new Int32Array(text.length), new Int32Array(text.length)];
  let from = 0;
  pieces.forEach((piece, i) => {
    const to = at + lengthOf(i);
    // White space that stays as it is stays one by one: a token may end between two line breaks.
    const each = piece.length > 1 && /^\s/.test(piece) && text.slice(at, to) === piece;
    for (let k = Math.max(0, at); k < Math.min(to, text.length); k += 1) {
      starts[k] = each ? from + k - at : from;
      ends[k] = each ? from + k - at + 1 : from + piece.length;
    }
    at = to;
    from += piece.length;
  });
  return { text, starts, ends };
}

/** Where neighbours change each other (composed jamo): a piece's share is what the text grows by with it. Slower: each prefix anew. */
function traceByPrefixes(pieces: readonly string[], whole: string, normalise: (text: string) => string): Traced {
  let [prefix, before] = ['', 0];
  const lengths = pieces.map((piece, i) => {
    prefix += piece;
    const length = i === pieces.length - 1 ? whole.length : Math.min(whole.length, Math.max(before, normalise(prefix).length));
    const share = length - before;
    before = length;
    return share;
  });
  return lay(whole, pieces, (i) => lengths[i]!, 0);
}

/** What a token says of the text it stands for. */
export interface Surface {
  /** Its bytes (UTF-8, one character each); null where it stands for text that the vocabulary does not have. */
  readonly bytes: string | null;
  /** It stands for all of a word, not for one character. */
  readonly wholeWord: boolean;
}

/**
 * Start and end of each token; of a token that stands for nothing (a marker that was put in) both are where it would be. `wordsOf` is the
 * tokenizer's own division into words. Null when the tokens are not those of the text.
 */
export function layTokens(traced: Traced, surfaces: readonly Surface[], wordsOf: (text: string) => readonly string[]): { starts: Int32Array; ends: Int32Array } | null {
  const { bytes, origin } = bytesOf(traced.text);
  const [starts, ends] = [new Int32Array(surfaces.length), new Int32Array(surfaces.length)];
  let wordEnds: readonly number[] | null = null;
  let at = 0;
  for (const [i, { bytes: wanted, wholeWord }] of surfaces.entries()) {
    let [from, length] = [at, 0];
    if (wanted === null) {
      from = skipSpace(bytes, at);
      if (wholeWord) length = ((wordEnds ??= endsOf(bytes, wordsOf(traced.text))).find((end) => end > from) ?? bytes.length) - from;
      else length = unknownLength(traced.text, origin, bytes, from, surfaces[i + 1]?.bytes ?? null);
    } else {
      const found = locate(bytes, at, wanted);
      if (found === null) return null;
      ({ from, length } = found);
    }
    const [first, last] = [origin[from], origin[from + length - 1]];
    starts[i] = first === undefined ? (traced.ends.at(-1) ?? 0) : traced.starts[first]!;
    ends[i] = length === 0 || last === undefined ? starts[i]! : traced.ends[last]!;
    at = from + length;
  }
  return { starts, ends };
}

/** Where the words end that stand in the text one after the other. */
function endsOf(bytes: string, words: readonly string[]): number[] {
  let at = 0;
  return words.map((word) => {
    const wanted = Buffer.from(word, 'utf8').toString('latin1');
    const from = bytes.indexOf(wanted, at);
    at = from < 0 ? at : from + wanted.length;
    return at;
  });
}

/** The text's bytes as a string of one character each, and the UTF-16 unit that each byte belongs to. */
function bytesOf(text: string): { bytes: string; origin: Int32Array } {
  const buffer = Buffer.from(text, 'utf8');
  const origin = new Int32Array(buffer.length);
  let at = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i)!;
    const [units, size] = [code > 0xffff ? 2 : 1, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4];
    // The last byte stands for the last unit of a pair, so that an end is the end of the character.
    for (let k = 0; k < size; k += 1) origin[at + k] = units === 2 && k === size - 1 ? i + 1 : i;
    at += size;
    i += units;
  }
  return { bytes: buffer.toString('latin1'), origin };
}

const SPACE = /[ \t\n\r\v\f]/;
const skipSpace = (bytes: string, at: number): number => {
  while (at < bytes.length && SPACE.test(bytes[at]!)) at += 1;
  return at;
};

/** At the cursor; without the space that was put in front; or behind white space that was dropped. */
function locate(bytes: string, at: number, wanted: string): { from: number; length: number } | null {
  if (bytes.startsWith(wanted, at)) return { from: at, length: wanted.length };
  const bare = wanted.startsWith(' ') ? wanted.slice(1) : wanted;
  if (bytes.startsWith(bare, at)) return { from: at, length: bare.length };
  const behind = skipSpace(bytes, at);
  if (behind > at && bytes.startsWith(bare, behind)) return { from: behind, length: bare.length };
  return null;
}

/** Of characters that the vocabulary does not have: one, or where the next token says so several. */
function unknownLength(text: string, origin: Int32Array, bytes: string, from: number, next: string | null): number {
  if (from >= bytes.length) return 0;
  const least = Buffer.byteLength(String.fromCodePoint(text.codePointAt(origin[from]!)!));
  if (next === null || next === '') return least;
  const stop = bytes.indexOf(next, from + least);
  return (stop < 0 ? bytes.length : stop) - from;
}

const WORD = /[\p{L}\p{M}\p{N}_]/u;
/** Scripts that write no spaces: a run of theirs is no word. */
const SPACELESS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const LOW_SURROGATE = /^[\udc00-\udfff]/;

/** Whether a word may end before, or begin at, unit `at` of the text: anywhere but between two characters of one word. */
export function isBorder(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return true;
  if (LOW_SURROGATE.test(text.slice(at, at + 1))) return false;
  const after = String.fromCodePoint(text.codePointAt(at)!);
  const low = LOW_SURROGATE.test(text.slice(at - 1, at));
  const before = text.slice(low ? at - 2 : at - 1, at);
  if (/\p{M}/u.test(after)) return false;
  return !(WORD.test(before) && WORD.test(after)) || SPACELESS.test(before) || SPACELESS.test(after);
}

/**
 * Tokens put together to units: a token begins one where a word may begin, and else belongs to the one before. `side` says which token of a unit
 * speaks for it: the first, or in causal models the last, which alone has seen all of it.
 */
export function unitsOf(text: string, starts: Int32Array, ends: Int32Array, side: 'first' | 'last'): Units {
  const units: { start: number; end: number; token: number }[] = [];
  for (let i = 0; i < starts.length; i += 1) {
    let [start, end] = [starts[i]!, ends[i]!];
    while (start < end && /\s/.test(text[start]!)) start += 1;
    while (end > start && /\s/.test(text[end - 1]!)) end -= 1;
    if (start >= end) continue;
    const open = units.at(-1);
    // Two tokens may share a character: the bytes of one.
    if (open !== undefined && (start < open.end || !isBorder(text, start))) {
      open.end = Math.max(open.end, end);
      if (side === 'last') open.token = i;
    } else units.push({ start, end, token: i });
  }
  return { starts: Int32Array.from(units, ({ start }) => start), ends: Int32Array.from(units, ({ end }) => end), tokens: Int32Array.from(units, ({ token }) => token) };
}
