/** Predictions of encoded rows. */
import type { EncodedRow } from './batches.ts';
import type { Decision } from './heads.ts';
import { decide } from './heads.ts';
import type { Team } from './team.ts';

/** Rows whose logits are held at once. */
const CHUNK = 4096;

export async function predict(team: Team, rows: readonly EncodedRow[], labels: number): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = rows.slice(from, from + CHUNK);
    const logits = await team.logits(chunk);
    chunk.forEach((_, i) => decisions.push(decide(logits, i * labels, labels)));
  }
  return decisions;
}
