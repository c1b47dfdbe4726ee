/** Predictions to show beside an incident: each query looks at the newest 2,000 candidates at most, of one adapter since a time. */
import type { Queryable } from './postgres.ts';

export interface SampleScope {
  readonly model: string;
  readonly adapter: string;
  readonly since: Date;
}

const LOOKED_AT = 2_000;

const RECENT = `select id, input, label, confidence, received_at from predictions
  where model = $1 and adapter = $2 and received_at >= $3 order by received_at desc limit ${LOOKED_AT}`;

const values = ({ model, adapter, since }: SampleScope) => [model, adapter, since];

/** Predictions that were found wrong, the latest found first. */
export async function wrongPredictions(db: Queryable, scope: SampleScope, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select p.id from (
       select id, label, labelled_at from labelled_rows where model = $1 and origin = 'feedback' and labelled_at >= $3 order by labelled_at desc limit ${LOOKED_AT}
     ) l join predictions p on p.model = $1 and p.id = l.id
     where p.adapter = $2 and p.label <> l.label order by l.labelled_at desc, p.id limit $4`,
    [...values(scope), limit],
  );
  return rows.map((row) => row.id);
}

export async function leastConfident(db: Queryable, scope: SampleScope, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(`select id from (${RECENT}) r where confidence is not null order by confidence, id limit $4`, [...values(scope), limit]);
  return rows.map((row) => row.id);
}

/** Predictions with the label; with a list of known labels, those of none of them. */
export async function predictedAs(db: Queryable, scope: SampleScope, label: string | { readonly noneOf: readonly string[] }, limit: number): Promise<string[]> {
  const [condition, wanted] = typeof label === 'string' ? ['label = $4', label] : ['label <> all($4::text[])', label.noneOf];
  const { rows } = await db.query<{ id: string }>(`select id from (${RECENT}) r where ${condition} order by received_at desc, id limit $5`, [...values(scope), wanted, limit]);
  return rows.map((row) => row.id);
}

/** The newest predictions with their texts. */
export async function recentTexts(db: Queryable, scope: SampleScope): Promise<{ id: string; input: string }[]> {
  const { rows } = await db.query<{ id: string; input: string }>(RECENT, values(scope));
  return rows;
}

/** When a pane was opened. */
export async function openedAt(db: Queryable, model: string, pane: number): Promise<Date | null> {
  const { rows } = await db.query<{ openedAt: Date }>('select opened_at as "openedAt" from panes where model = $1 and pane = $2', [model, pane]);
  return rows[0]?.openedAt ?? null;
}
