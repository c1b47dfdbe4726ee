/** How an utterance is dressed: politeness, context, chat habits, typing errors. Never changes what is wanted. */
import type { Random } from '../../lora/random.ts';
import { expand, pick, type Filler } from './grammar.ts';

const OPENINGS = ['hi {there|}', 'hello {larkfield|}', 'good {morning|evening}', 'hey', 'excuse me', 'one question', 'dear team', 'i am {<person>|customer <account>}'];
const CLOSINGS = ['please', 'thanks', 'thank you {very much|}', 'as soon as possible', 'if you can', 'regards {<person>|}', 'my account is <account>', 'i am in <town>'];
const FILLERS = ['um', 'ok so', 'well', 'listen', 'quick one', 'fyi'];
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/\bplease\b/g, 'pls'], [/\bthanks\b/g, 'thx'], [/\byou\b/g, 'u'], [/\bare\b/g, 'r'], [/\btomorrow\b/g, 'tmrw'],
  [/\bfor\b/g, '4'], [/\bbecause\b/g, 'cuz'], [/\bwith\b/g, 'w'], [/\bweeks\b/g, 'wks'],
];
const NEIGHBOURS: Readonly<Record<string, string>> = {
  a: 'qs', b: 'vn', c: 'xv', d: 'sf', e: 'wr', f: 'dg', g: 'fh', h: 'gj', i: 'uo', j: 'hk', k: 'jl', l: 'k', m: 'n', n: 'bm', o: 'ip',
  p: 'o', q: 'w', r: 'et', s: 'ad', t: 'ry', u: 'yi', v: 'cb', w: 'qe', x: 'zc', y: 'tu', z: 'x',
};

/** Shares of utterances that get each dress. */
const OPENING_SHARE = 0.22;
const CLOSING_SHARE = 0.28;
const TYPO_SHARE = 0.15;
const CAPITAL_SHARE = 0.3;
const SHORTENED_SHARE = 0.6;

/** As people write in the portal's form: politeness, capitals, a full stop or question mark, now and then a typing error. */
export function formal(text: string, uniform: Random, fill: Filler): string {
  let dressed = text;
  if (uniform() < OPENING_SHARE) dressed = `${expand(pick(OPENINGS, uniform), uniform, fill)}, ${dressed}`;
  if (uniform() < CLOSING_SHARE) dressed = `${dressed} ${expand(pick(CLOSINGS, uniform), uniform, fill)}`;
  if (uniform() < TYPO_SHARE) dressed = typo(dressed, uniform);
  if (uniform() < CAPITAL_SHARE) dressed = dressed.charAt(0).toUpperCase() + dressed.slice(1) + pick(['.', '?', ''], uniform);
  return dressed;
}

/** As people type in a chat window or speak to an assistant: lower case, shortened, fillers, more typing errors. */
export function casual(text: string, uniform: Random): string {
  let dressed = text.toLowerCase();
  if (uniform() < OPENING_SHARE) dressed = `${pick(FILLERS, uniform)} ${dressed}`;
  if (uniform() < SHORTENED_SHARE) for (const [long, short] of SHORT) dressed = dressed.replace(long, short);
  if (uniform() < 2 * TYPO_SHARE) dressed = typo(dressed, uniform);
  return dressed;
}

/** One typing error in a word of four letters or more: two letters swapped, one dropped, doubled, or hit beside its key. */
export function typo(text: string, uniform: Random): string {
  const words = text.split(' ');
  const long = words.flatMap((word, i) => (/^[a-z]{4,}$/.test(word) ? [i] : []));
  if (long.length === 0) return text;
  const index = pick(long, uniform);
  const word = words[index] ?? '';
  const at = 1 + Math.floor(uniform() * (word.length - 2));
  const letter = word[at] ?? '';
  const beside = NEIGHBOURS[letter] ?? letter;
  const variants = [
    word.slice(0, at) + (word[at + 1] ?? '') + letter + word.slice(at + 2),
    word.slice(0, at) + word.slice(at + 1),
    word.slice(0, at) + letter + word.slice(at),
    word.slice(0, at) + pick([...beside], uniform) + word.slice(at + 1),
  ];
  words[index] = pick(variants, uniform);
  return words.join(' ');
}
