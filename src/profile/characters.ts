/** What kind of character each is, and of which script, looked up: the patterns cost 100 times as much. */

export const BREAK = 1;
export const IN_WORD = 2;
const WHOLE_WORD = 3;

const WORD = /[\p{L}\p{M}\p{N}]/u;
/** Scripts that are written without spaces between words. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Their places are stored in references: only ever append. 0 is any other script, and what belongs to none, such as digits. */
export const SCRIPTS = [
  'other', 'Latin', 'Greek', 'Cyrillic', 'Armenian', 'Hebrew', 'Arabic', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Tamil', 'Telugu', 'Kannada',
  'Malayalam', 'Sinhala', 'Thai', 'Lao', 'Myanmar', 'Georgian', 'Hangul', 'Ethiopic', 'Khmer', 'Hiragana', 'Katakana', 'Han',
] as const;
const PATTERNS = SCRIPTS.slice(1).map((script) => new RegExp(`\\p{Script=${script}}`, 'u'));

/** Kind + 4 * script of each character, filled when first met. */
const known = new Uint8Array(0x110000);

/** The kind in the low two bits, above them the script. */
export function characterOf(code: number): number {
  return (known[code] as number) || look(code);
}

function look(code: number): number {
  const character = String.fromCodePoint(code);
  const kind = !WORD.test(character) ? BREAK : SPACELESS.test(character) ? WHOLE_WORD : IN_WORD;
  const script = kind === BREAK ? 0 : PATTERNS.findIndex((pattern) => pattern.test(character)) + 1;
  return (known[code] = kind + 4 * script);
}
