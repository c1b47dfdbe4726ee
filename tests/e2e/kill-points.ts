/** What the test and the service that it kills tell each other. */
import { random } from '../../src/lora/random.ts';
import { RUN_STATES } from '../../src/vocabulary.ts';

export type Ask =
  /** Before the move into a state is written: its step's effects are there and the move is not. After: the move is committed. */
  | { kind: 'before' | 'after'; state: string }
  /** At the statement that has `left` others before it. */
  | { kind: 'statement'; left: number }
  | { kind: 'none' };

export type Told = { url: string } | { armed: true; statements: number };

export const BOUNDARIES: readonly Ask[] = RUN_STATES.slice(1).flatMap((state) => [{ kind: 'before', state } as const, { kind: 'after', state } as const]);

/** `count` points over the statements of one run, the same for the same seed. */
export function randomPoints(count: number, statements: number, seed: number): Ask[] {
  const uniform = random(seed, 'kills');
  return Array.from({ length: count }, () => ({ kind: 'statement', left: Math.floor(uniform() * statements) }));
}

export const named = (ask: Ask) => (ask.kind === 'statement' ? `statement ${ask.left}` : ask.kind === 'none' ? 'none' : `${ask.kind} ${ask.state}`);
