/** What the demo promises, checked as it happens: a stage that came out otherwise makes the demo fail. */
import type { Screen } from './screen.ts';

export interface Checks {
  /** Shows whether it came out as told. */
  expect(holds: boolean, text: string): void;
  /** The same, for what the rest of the demo cannot go on without. @throws StageFailed */
  need(holds: boolean, text: string): void;
  readonly failed: readonly string[];
  readonly count: number;
}

/** Ends the demo early: what follows would make no sense. */
export class StageFailed extends Error {}

export function createChecks(screen: Pick<Screen, 'check'>): Checks {
  const failed: string[] = [];
  let count = 0;
  const expect = (holds: boolean, text: string) => {
    count += 1;
    if (!holds) failed.push(text);
    screen.check(holds, text);
  };
  return {
    expect,
    need(holds, text) {
      expect(holds, text);
      if (!holds) throw new StageFailed(text);
    },
    failed,
    get count() {
      return count;
    },
  };
}
