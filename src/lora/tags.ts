/**
 * Spans as tags of units (BIO: O, then B- and I- of each label) and back. A unit is a word, or one token where a script writes
 * none; it is tagged at one of its tokens.
 */
import { decide } from './heads/index.ts';

/** A part of a text in UTF-16 units as JavaScript counts them, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/** Unit i is text.slice(starts[i], ends[i]) and is tagged at token tokens[i] of its row. */
export interface Units {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly tokens: Int32Array;
}

export const OUTSIDE = 0;
const begin = (label: number): number => 1 + 2 * label;
const isBegin = (tag: number): boolean => tag % 2 === 1;
const isInside = (tag: number): boolean => tag > 0 && tag % 2 === 0;
const labelOf = (tag: number): number => (tag - 1) >> 1;

/** Names of the tags, in the order of the head: 2 labels + 1. */
export const tagsOf = (labels: readonly string[]): string[] => ['O', ...labels.flatMap((label) => [`B-${label}`, `I-${label}`])];

/**
 * The tag of each unit: a unit belongs to the span that it shares a character with. `inexact` counts the spans that tags cannot give back:
 * those that begin or end within a unit, or have none. Throws nothing; an unknown label is the caller's to find.
 */
export function tagUnits(spans: readonly Span[], labels: readonly string[], { starts, ends }: Units): { tags: Int32Array; inexact: number } {
  const tags = new Int32Array(starts.length);
  let inexact = 0;
  for (const { start, end, label } of spans) {
    const inside = Array.from(starts.keys()).filter((i) => starts[i]! < end && ends[i]! > start);
    const [first, last] = [inside[0], inside.at(-1)];
    if (first === undefined || starts[first] !== start || ends[last!] !== end) inexact += 1;
    for (const i of inside) tags[i] = begin(labels.indexOf(label)) + (i === first ? 0 : 1);
  }
  return { tags, inexact };
}

/** The spans that tags say. An I- that continues nothing begins a span, as conlleval has it. */
export function spansOf(tags: ArrayLike<number>, labels: readonly string[], { starts, ends }: Units): Span[] {
  const spans: { start: number; end: number; label: string }[] = [];
  let open = -1;
  for (let i = 0; i < tags.length; i += 1) {
    const tag = tags[i]!;
    const label = tag === OUTSIDE ? -1 : labelOf(tag);
    if (isInside(tag) && label === open) spans.at(-1)!.end = ends[i]!;
    else if (tag !== OUTSIDE) spans.push({ start: starts[i]!, end: ends[i]!, label: labels[label]! });
    open = label;
  }
  return spans;
}

/**
 * The likeliest tags of the units in which I- only continues its own label (Viterbi), and their mean loss in nats. `logits` is
 * [tokens x tags] of the row.
 */
export function bestTags(logits: Float32Array, tags: number, { tokens }: Units): { tags: Int32Array; loss: number } {
  const losses = Array.from(tokens, (token) => decide(logits, token * tags, tags).losses);
  const back: Int32Array[] = [];
  let cost = new Float64Array(tags);
  losses.forEach((loss, i) => {
    const free = lowest(cost);
    const from = new Int32Array(tags);
    const next = new Float64Array(tags);
    for (let tag = 0; tag < tags; tag += 1) {
      if (!isInside(tag)) from[tag] = free;
      else from[tag] = cost[tag - 1]! <= cost[tag]! ? tag - 1 : tag;
      // Nothing stands before the first unit, so nothing continues there.
      next[tag] = (i === 0 ? (isInside(tag) ? Infinity : 0) : cost[from[tag]!]!) + loss[tag]!;
    }
    back.push(from);
    cost = next;
  });
  const best = new Int32Array(tokens.length);
  for (let i = tokens.length - 1, tag = lowest(cost); i >= 0; tag = back[i]![tag]!, i -= 1) best[i] = tag;
  const sum = best.reduce((total, tag, i) => total + losses[i]![tag]!, 0);
  return { tags: best, loss: tokens.length === 0 ? 0 : sum / tokens.length };
}

function lowest(values: Float64Array): number {
  let at = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i]! < values[at]!) at = i;
  return at;
}

export const isTagPair = (before: number, after: number): boolean => !isInside(after) || before === after || (isBegin(before) && before + 1 === after);
