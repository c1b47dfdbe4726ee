/** What a time line keeps of a closed pane: sums for each adapter, and how far each monitor went. */
import { UNIT, type Profile } from '../profile/index.ts';
import { insertFigures, type PaneFigures } from '../store/history.ts';
import type { Queryable } from '../store/postgres.ts';
import type { MonitorStep } from './step.ts';

/** Call in the transaction that closes the pane. One adapter may have several references in a pane: it was live, and was live again. */
export async function noteHistory(db: Queryable, model: string, pane: number, folded: readonly { readonly adapter: string; readonly profile: Profile }[], steps: readonly MonitorStep[]): Promise<void> {
  const byAdapter = new Map<string, PaneFigures>();
  for (const { adapter, profile } of folded) {
    const [now, before] = [figuresOf(adapter, profile), byAdapter.get(adapter)];
    byAdapter.set(adapter, before === undefined ? now : sum(before, now));
  }
  await insertFigures(db, model, pane, [...byAdapter.values()], steps);
}

function figuresOf(adapter: string, { rows, outcome, confidence, unseen }: Profile): PaneFigures {
  return {
    adapter, rows,
    labelled: outcome.labelled, loss: outcome.loss / UNIT, squares: outcome.squares / UNIT,
    confident: confidence.count, confidence: confidence.sum / UNIT,
    unseenRows: unseen.rows, unseen: unseen.sum / UNIT,
  };
}

function sum({ adapter, ...a }: PaneFigures, { adapter: _, ...b }: PaneFigures): PaneFigures {
  return { adapter, ...(Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value + b[name as keyof typeof b]])) as typeof a) };
}
