/** The predictions that incidents name as texts that moved. */
import type { Queryable } from './postgres.ts';

export interface NamedTexts {
  readonly incident: string;
  /** Those with most of what rose first. */
  readonly sampleIds: readonly string[];
}

// where no words rose `texts` is null, and before an incident was looked into it is missing: `#>` gives null for both
const SAMPLES = `i.evidence #> '{texts,sampleIds}'`;

/** Of the incidents whose triggers started the run or joined it, the oldest first. */
export async function textsOfRun(db: Queryable, runId: string): Promise<NamedTexts[]> {
  const { rows } = await db.query<NamedTexts>(
    `select i.id as incident, ${SAMPLES} as "sampleIds" from incidents i
      where ${SAMPLES} is not null and exists (select from triggers t where t.run_id = $1 and t.model = i.model and t.evidence ->> 'incident' = i.id)
      order by i.opened_at, i.id`,
    [runId],
  );
  return rows;
}

/** Of a model's incidents that are not resolved, the newest first. */
export async function textsThatMove(db: Queryable, model: string): Promise<NamedTexts[]> {
  const { rows } = await db.query<NamedTexts>(
    `select i.id as incident, ${SAMPLES} as "sampleIds" from incidents i where i.model = $1 and i.state <> 'resolved' and ${SAMPLES} is not null order by i.opened_at desc, i.id`,
    [model],
  );
  return rows;
}
