/**
 * A very small grammar, so that a few lines of patterns give thousands of utterances:
 *
 *   {a|b|}   one of the alternatives, chosen uniformly; an empty one makes it optional; they nest
 *   <slot>   a filler of that slot, chosen by the caller
 */
import type { Random } from '../../lora/random.ts';

export type Filler = (slot: string) => string;

/**
 * One utterance of a pattern; runs of spaces become one, and none stands before a comma or question mark.
 * @throws Error on an unbalanced brace: a typing mistake in our own patterns, to be found by the first test that expands them
 */
export function expand(pattern: string, uniform: Random, fill: Filler): string {
  const [text, end] = sequence(pattern, 0, uniform, fill);
  if (end !== pattern.length) throw new Error(`pattern "${pattern}": "}" without "{" at ${end}`);
  return text.replace(/\s+/g, ' ').replace(/ (?=[,?])/g, '').trim();
}

/** One of the items, uniformly. */
export function pick<T>(items: readonly T[], uniform: Random): T {
  const item = items[Math.floor(uniform() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Reads up to the end of the pattern, or to the `|` or `}` that belongs to the choice around it. */
function sequence(pattern: string, start: number, uniform: Random, fill: Filler): [string, number] {
  let text = '';
  let at = start;
  while (at < pattern.length) {
    const character = pattern[at];
    if (character === '|' || character === '}') break;
    if (character === '{') {
      const [chosen, end] = choice(pattern, at, uniform, fill);
      text += chosen;
      at = end;
    } else if (character === '<') {
      const end = pattern.indexOf('>', at);
      text += fill(pattern.slice(at + 1, end));
      at = end + 1;
    } else {
      text += character;
      at += 1;
    }
  }
  return [text, at];
}

/** All alternatives are expanded and one is kept: the number of random numbers drawn then does not matter, only their order. */
function choice(pattern: string, start: number, uniform: Random, fill: Filler): [string, number] {
  const alternatives: string[] = [];
  let at = start;
  do {
    const [text, end] = sequence(pattern, at + 1, uniform, fill);
    if (end >= pattern.length) throw new Error(`pattern "${pattern}": "{" at ${start} is never closed`);
    alternatives.push(text);
    at = end;
  } while (pattern[at] === '|');
  return [pick(alternatives, uniform), at + 1];
}
