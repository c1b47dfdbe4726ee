/**
 * Hard negatives of a search: documents that the model ranked before the right one, to be learnt as wrong beside it. Stored rankings name
 * documents by their digests; texts are known of those that are right for other train rows, so no document of the exam alone comes in.
 */
import { answersOf } from '../store/predictions-by-id.ts';
import type { Queryable } from '../store/postgres.ts';
import type { TaskRules } from '../tasks/index.ts';
import type { TrainLine } from './manifest.ts';

export interface Wanted {
  readonly model: string;
  readonly rules: TaskRules;
  /** Of a row, at most; the first ranked are taken. */
  readonly most: number;
}

/** The rows, with negatives where their prediction got something wrong. A row whose text is not the prediction's keeps none. */
export async function withNegatives(db: Queryable, rows: readonly TrainLine[], { model, rules, most }: Wanted): Promise<readonly TrainLine[]> {
  if (most === 0) return rows;
  const texts = new Map(rows.map(({ label }) => [rules.groupOf(label), label]));
  const answers = await answersOf(db, model, rows);
  return rows.map((row) => {
    const answer = answers.get(row.id);
    const negatives = answer === undefined ? [] : before(rules.groupOf(row.label), rules.answerValue(answer) as readonly string[]).flatMap((digest) => texts.get(digest) ?? []).slice(0, most);
    return negatives.length === 0 ? row : { ...row, negatives };
  });
}

/** What is ranked before a document: all, where it is not among them. */
function before(right: string, ranking: readonly string[]): readonly string[] {
  const at = ranking.indexOf(right);
  return at === -1 ? ranking : ranking.slice(0, at);
}
