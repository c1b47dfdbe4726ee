/**
 * Words and pairs of words of a text as 32-bit hashes, computed in one pass over its characters.
 * A word is a run of letters, marks and digits, lower-cased; scripts that are written without spaces give a word per character.
 * There is no list of stop words: it would be a list for one language.
 */
import { BREAK, characterOf, IN_WORD, SCRIPTS } from './characters.ts';
import { mixed } from './hash.ts';

/** What one pass over a text finds. There is one only, filled anew by each `scanText`: a text costs no memory. */
export interface Scan {
  /** The first `count` are the n-grams, repeats included. */
  hashes: Int32Array;
  count: number;
  /** Characters of words by script. */
  readonly scripts: Float64Array;
}

const scan: Scan = { hashes: new Int32Array(1_024), count: 0, scripts: new Float64Array(SCRIPTS.length) };

const BASIS = 0x811c9dc5;
/** Below U+0300 all text is composed already. */
const COMPOSABLE = /[\u0300-\uffff]/;

/** The scan of a text, until the next one is scanned. */
export function scanText(text: string): Scan {
  const lower = text.toLowerCase();
  const normal = COMPOSABLE.test(lower) ? lower.normalize('NFC') : lower;
  scan.scripts.fill(0);
  if (scan.hashes.length < 2 * normal.length) scan.hashes = new Int32Array(2 * normal.length);
  const { hashes, scripts } = scan;
  let [count, word, previous, inWord] = [0, BASIS, 0, false];
  for (let i = 0; i < normal.length; i++) {
    const code = normal.codePointAt(i) as number;
    if (code > 0xffff) i++;
    const character = characterOf(code);
    const kind = character & 3;
    if (kind !== IN_WORD && inWord) {
      count = addWord(hashes, count, previous, word);
      // 0 says that there is no word before
      [previous, word, inWord] = [word || 1, BASIS, false];
    }
    if (kind === BREAK) continue;
    const script = character >> 2;
    scripts[script] = (scripts[script] as number) + 1;
    word = Math.imul(word ^ code, 0x01000193);
    inWord = kind === IN_WORD;
    if (inWord) continue;
    count = addWord(hashes, count, previous, word);
    [previous, word] = [word || 1, BASIS];
  }
  scan.count = inWord ? addWord(hashes, count, previous, word) : count;
  return scan;
}

/** A word, and its pair with the word before; returns how many hashes there are then. */
function addWord(hashes: Int32Array, count: number, previous: number, word: number): number {
  hashes[count] = mixed(word);
  if (previous === 0) return count + 1;
  hashes[count + 1] = mixed(Math.imul(previous, 31) ^ Math.imul(word, 0x9e3779b1));
  return count + 2;
}

/** Calls `visit` with the hash of each word and of each pair of neighbours, repeats included; returns how many there were. */
export function eachNgram(text: string, visit: (hash: number) => void): number {
  const { hashes, count } = scanText(text);
  const found = hashes.subarray(0, count);
  for (const hash of found) visit(hash >>> 0);
  return count;
}
