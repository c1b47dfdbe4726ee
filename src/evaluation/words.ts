/** Numbers and opponents as a person reads them in a reason. */
import type { TaskRules } from '../tasks/index.ts';

/** What a first adapter has to beat: as a thing, and as somebody who does it. */
export interface Floor {
  readonly thing: string;
  readonly doing: string;
}

const always = (thing: string): Floor => ({ thing, doing: `always answering ${thing}` });

export function floorOf({ task, labelling }: Pick<TaskRules, 'task' | 'labelling'>): Floor {
  switch (task) {
    case 'classification':
      return always(labelling === 'single' ? 'the majority class' : 'the most frequent labels');
    case 'extraction':
      return always('no spans');
    case 'embedding':
      return { thing: 'the base alone', doing: 'the base alone' };
    case 'generation':
      return always('the most frequent completion');
  }
}

/** A share as percentage points. */
export function points(share: number): string {
  return (100 * share).toFixed(1);
}

export function signed(share: number | null): string {
  return share === null ? 'no' : `${share > 0 ? '+' : ''}${points(share)}`;
}

export function range([low, high]: readonly [number, number]): string {
  return `${signed(low)} to ${signed(high)}`;
}

/** A p-value; one that a double cannot hold is said to be small, not to be 0. */
export function probability(p: number): string {
  if (p < 1e-300) return 'below 1e-300';
  return p < 0.0001 ? p.toExponential(1) : p.toFixed(4);
}

export function rows(n: number): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? 'row' : 'rows'}`;
}
