/**
 * Words and pairs of words of a text as 32-bit hashes, computed in one pass over its characters.
 * A word is a run of letters, marks and digits, lower-cased; scripts that are written without spaces give a word per character.
 * There is no list of stop words: it would be a list for one language.
 */

const BREAK = 1;
const IN_WORD = 2;
const WHOLE_WORD = 3;
const WORD = /[\p{L}\p{M}\p{N}]/u;
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Kind of each character of the basic plane, filled when first met: the two patterns cost 100 times a look-up. */
const kinds = new Uint8Array(0x10000);

function kindOf(code: number): number {
  const known = code < 0x10000 ? kinds[code] : 0;
  if (known) return known;
  const character = String.fromCodePoint(code);
  const kind = !WORD.test(character) ? BREAK : SPACELESS.test(character) ? WHOLE_WORD : IN_WORD;
  if (code < 0x10000) kinds[code] = kind;
  return kind;
}

const BASIS = 0x811c9dc5;

/** Calls `visit` with the hash of each word and of each pair of neighbours, repeats included; returns how many there were. */
export function eachNgram(text: string, visit: (hash: number) => void): number {
  const lower = text.toLowerCase().normalize('NFC');
  let [found, word, previous, inWord] = [0, BASIS, 0, false];
  const end = () => {
    visit(mixed(word));
    found++;
    if (previous !== 0) {
      visit(mixed(Math.imul(previous, 31) ^ Math.imul(word, 0x9e3779b1)));
      found++;
    }
    // 0 says that there is no word before
    [previous, word, inWord] = [word || 1, BASIS, false];
  };
  for (let i = 0; i < lower.length; i++) {
    const code = lower.codePointAt(i) as number;
    if (code > 0xffff) i++;
    const kind = kindOf(code);
    if (kind !== IN_WORD && inWord) end();
    if (kind === BREAK) continue;
    word = Math.imul(word ^ code, 0x01000193);
    inWord = true;
    if (kind === WHOLE_WORD) end();
  }
  if (inWord) end();
  return found;
}

/** The finaliser of MurmurHash3: spreads a hash over all its bits. */
export function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
