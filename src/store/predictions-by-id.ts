/** Predictions that other rows name. */
import type { Queryable } from './postgres.ts';

/** Ids of one statement: keeps the arrays that it is given of a few megabytes. */
const CHUNK = 5_000;

/** Canonical answers of the newest predictions with these ids, in all partitions, where they had these texts. */
export async function answersOf(db: Queryable, model: string, wanted: readonly { readonly id: string; readonly text: string }[]): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (let at = 0; at < wanted.length; at += CHUNK) {
    const part = wanted.slice(at, at + CHUNK);
    const { rows } = await db.query<{ id: string; answer: string }>(
      `select wanted.id, p.answer from unnest($2::text[], $3::text[]) as wanted(id, text)
       cross join lateral (
         select label as answer, input from predictions where model = $1 and id = wanted.id order by received_at desc limit 1
       ) p where p.input = wanted.text`,
      [model, part.map(({ id }) => id), part.map(({ text }) => text)],
    );
    for (const { id, answer } of rows) answers.set(id, answer);
  }
  return answers;
}
