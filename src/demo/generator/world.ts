/** The demo's own world: a seeded stream of labelled utterances, whose mixture can be changed while it flows. */
import { random, type Random } from '../../lora/random.ts';
import { NEW, REWORDED } from './after.ts';
import { BEFORE, type Patterns } from './before.ts';
import { expand, pick, type Filler } from './grammar.ts';
import { fillSlot } from './slots.ts';
import { casual, formal } from './style.ts';

export interface Utterance {
  readonly id: string;
  readonly text: string;
  /** The intent that was meant. */
  readonly label: string;
}

/** What part of the traffic is new: shares in [0, 1]. */
export interface Mixture {
  /** Of all utterances: those with an intent that nobody had before. */
  readonly newIntents: number;
  /** Of utterances with an old intent: those in new words. */
  readonly newWording: number;
}

export const CALM: Mixture = { newIntents: 0, newWording: 0 };
export const CHANGED: Mixture = { newIntents: 0.15, newWording: 0.2 };

export const OLD_INTENTS: readonly string[] = Object.keys(BEFORE);
export const NEW_INTENTS: readonly string[] = Object.keys(NEW);
export const ALL_INTENTS: readonly string[] = [...OLD_INTENTS, ...NEW_INTENTS];

/** Source of utterances: `take` gives the next ones; the same seed and calls give the same utterances. */
export interface World {
  take(count: number, mixture: Mixture): Utterance[];
}

/** `stream` separates streams of one seed (traffic, clean test traffic): their ids and texts are independent. */
export function createWorld(seed: number, stream = 'traffic'): World {
  const uniform = random(seed, `demo ${stream}`);
  const fill: Filler = (slot) => fillSlot(slot, uniform);
  let next = 1;
  return {
    take: (count, mixture) =>
      Array.from({ length: count }, () => {
        const id = `${stream}-${String(next).padStart(6, '0')}`;
        next += 1;
        return { id, ...utter(mixture, uniform, fill) };
      }),
  };
}

/**
 * A copy in which exactly `round(share * rows)` labels are wrong, each replaced by another label, uniformly. Ids and texts stay.
 * @throws Error when there is no other label to put
 */
export function spoil(rows: readonly Utterance[], share: number, labels: readonly string[], uniform: Random): Utterance[] {
  const spoilt = new Set(sample(rows.length, Math.round(share * rows.length), uniform));
  return rows.map((row, index) => {
    if (!spoilt.has(index)) return row;
    return { ...row, label: pick(labels.filter((label) => label !== row.label), uniform) };
  });
}

function utter(mixture: Mixture, uniform: Random, fill: Filler): Omit<Utterance, 'id'> {
  if (uniform() < mixture.newIntents) {
    const label = pick(NEW_INTENTS, uniform);
    return { label, text: formal(say(NEW, label, uniform, fill), uniform, fill) };
  }
  const label = pick(OLD_INTENTS, uniform);
  if (uniform() < mixture.newWording) return { label, text: casual(say(REWORDED, label, uniform, fill), uniform) };
  return { label, text: formal(say(BEFORE, label, uniform, fill), uniform, fill) };
}

function say(patterns: Patterns, label: string, uniform: Random, fill: Filler): string {
  return expand(pick(patterns[label] ?? [], uniform), uniform, fill);
}

/** `count` different indices below `size`, uniformly: the head of a Fisher-Yates shuffle. */
function sample(size: number, count: number, uniform: Random): number[] {
  const indices = Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < count; i += 1) {
    const j = i + Math.floor(uniform() * (size - i));
    [indices[i], indices[j]] = [indices[j] ?? 0, indices[i] ?? 0];
  }
  return indices.slice(0, count);
}
