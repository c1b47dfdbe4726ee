/** Adapters, what is live, and what was. */
import type { Queryable } from './postgres.ts';

export interface Adapter {
  /** `<model>--v<version>-<first 8 digits of sha256>` */
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly runId: string;
  /** sha256 of adapter_model.safetensors */
  readonly sha256: string;
  /** sha256 of the base's model.safetensors that it was trained on */
  readonly baseSha256: string;
  /** Labels of the head, in its order. */
  readonly labels: readonly string[];
  /** Name of each of its files -> digest in the object store. */
  readonly files: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

export interface Live {
  readonly adapter: string;
  readonly reference: string;
  /** The promotion that made it so; moves with every promotion and rollback. */
  readonly seq: number;
}

export interface Promotion extends Live {
  readonly model: string;
  readonly kind: 'promotion' | 'rollback';
  readonly previous: string | null;
  readonly runId: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: Date;
}

const ADAPTER = `id, model, version, run_id as "runId", sha256, base_sha256 as "baseSha256", labels, files, created_at as "createdAt"`;
const PROMOTION = `model, seq, kind, adapter, reference, previous, run_id as "runId", reason, by, at`;

export async function insertAdapter(db: Queryable, adapter: Adapter): Promise<void> {
  await db.query(
    `insert into adapters (id, model, version, run_id, sha256, base_sha256, labels, files, created_at)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9)`,
    [adapter.id, adapter.model, adapter.version, adapter.runId, adapter.sha256, adapter.baseSha256,
      JSON.stringify(adapter.labels), JSON.stringify(adapter.files), adapter.createdAt],
  );
}

export async function getAdapter(db: Queryable, id: string): Promise<Adapter | null> {
  const { rows } = await db.query<Adapter>(`select ${ADAPTER} from adapters where id = $1`, [id]);
  return rows[0] ?? null;
}

export async function adapterOfRun(db: Queryable, runId: string): Promise<Adapter | null> {
  const { rows } = await db.query<Adapter>(`select ${ADAPTER} from adapters where run_id = $1`, [runId]);
  return rows[0] ?? null;
}

/** Newest first. */
export async function listAdapters(db: Queryable, model: string): Promise<Adapter[]> {
  const { rows } = await db.query<Adapter>(`select ${ADAPTER} from adapters where model = $1 order by version desc`, [model]);
  return rows;
}

/** Free only while the model's promotion lock is held. */
export async function nextAdapterVersion(db: Queryable, model: string): Promise<number> {
  const { rows } = await db.query<{ next: number }>('select coalesce(max(version), 0) + 1 as next from adapters where model = $1', [model]);
  return rows[0]?.next ?? 1;
}

/** What an adapter needs of the spec that its run was under, for the spec may have been changed since. */
export interface TrainedWith {
  /** `base.model`. */
  readonly base: string;
  /** `training.maxNewTokens`. */
  readonly maxNewTokens: number;
}

export async function trainedWith(db: Queryable, id: string): Promise<TrainedWith | null> {
  const { rows } = await db.query<TrainedWith>(
    `select coalesce(v.spec, m.spec) #>> '{base,model}' as base, (coalesce(v.spec, m.spec) #>> '{training,maxNewTokens}')::int as "maxNewTokens"
     from adapters a
     join models m on m.name = a.model
     left join runs r on r.id = a.run_id
     left join model_versions v on v.model = a.model and v.version = r.spec_version
     where a.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** Asked for every prediction that is served: one look-up by primary key. */
export async function getLive(db: Queryable, model: string): Promise<Live | null> {
  const { rows } = await db.query<Live>({ name: 'live', text: 'select adapter, reference, seq from live where model = $1', values: [model] });
  return rows[0] ?? null;
}

/** What was live at a time; null before the first promotion. */
export async function getLiveAt(db: Queryable, model: string, at: Date): Promise<Promotion | null> {
  const { rows } = await db.query<Promotion>(`select ${PROMOTION} from promotions where model = $1 and at <= $2 order by seq desc limit 1`, [model, at]);
  return rows[0] ?? null;
}

/** Newest first. */
export async function listPromotions(db: Queryable, model: string): Promise<Promotion[]> {
  const { rows } = await db.query<Promotion>(`select ${PROMOTION} from promotions where model = $1 order by seq desc`, [model]);
  return rows;
}

export async function promotionOfRun(db: Queryable, runId: string, kind: Promotion['kind']): Promise<Promotion | null> {
  const { rows } = await db.query<Promotion>(`select ${PROMOTION} from promotions where run_id = $1 and kind = $2`, [runId, kind]);
  return rows[0] ?? null;
}

/** The last time that an adapter went live; with `kind`, in that way. */
export async function lastPromotionOf(db: Queryable, model: string, adapter: string, kind: Promotion['kind'] | null): Promise<Promotion | null> {
  const { rows } = await db.query<Promotion>(
    `select ${PROMOTION} from promotions where model = $1 and adapter = $2 and ($3::text is null or kind = $3) order by seq desc limit 1`,
    [model, adapter, kind],
  );
  return rows[0] ?? null;
}

/** The compare-and-swap: true when `live` stood at `expectedSeq` (null: nothing was live) and now says `next`. */
export async function swapLive(db: Queryable, model: string, expectedSeq: number | null, next: Live): Promise<boolean> {
  const values = [model, next.adapter, next.reference, next.seq];
  const { rowCount } = expectedSeq === null
    ? await db.query('insert into live (model, adapter, reference, seq) values ($1, $2, $3, $4) on conflict do nothing', values)
    : await db.query('update live set adapter = $2, reference = $3, seq = $4 where model = $1 and seq = $5', [...values, expectedSeq]);
  return rowCount === 1;
}

/** Times never go back from one promotion to the next, even where the clock does: "what was live at T" has one answer. */
export async function insertPromotion(db: Queryable, promotion: Promotion): Promise<Promotion> {
  const { rows } = await db.query<Promotion>(
    `insert into promotions (model, seq, kind, adapter, reference, previous, run_id, reason, by, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
       greatest($10::timestamptz, (select at from promotions where model = $1 order by seq desc limit 1)))
     returning ${PROMOTION}`,
    [promotion.model, promotion.seq, promotion.kind, promotion.adapter, promotion.reference, promotion.previous,
      promotion.runId, promotion.reason, promotion.by, promotion.at],
  );
  return rows[0] ?? promotion;
}

/** A reference is frozen: one that is there stays as it is. */
export async function insertReference(db: Queryable, reference: { id: string; model: string; adapter: string; body: Uint8Array; createdAt: Date }): Promise<void> {
  await db.query(
    'insert into "references" (id, model, adapter, body, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [reference.id, reference.model, reference.adapter, Buffer.from(reference.body), reference.createdAt],
  );
}
