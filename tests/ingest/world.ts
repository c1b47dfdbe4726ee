/** A registered model, adapters with references, and what ingest left in the database. */
import { VirtualClock } from '../../src/clock.ts';
import { createIngest, type Ingest, type IngestLimits } from '../../src/ingest/index.ts';
import { addInto, buildReference, decodeProfile, emptyProfile, encodeReference, observeOutcome, observePrediction, type Profile, type ReferenceBody, type ScoredRow, type Scoring } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { transaction, type Pool } from '../../src/store/postgres.ts';
import type { EventMap } from '../../src/telemetry/events.ts';
import type { Task } from '../../src/vocabulary.ts';

export const START = new Date('2026-03-01T12:00:00Z');

export interface World {
  readonly clock: VirtualClock;
  readonly ingest: Ingest;
  readonly events: EventMap['ingest:batch'][];
}

export function world(pool: Pool, limits: Partial<IngestLimits> = {}): World {
  const clock = new VirtualClock(START);
  const events: EventMap['ingest:batch'][] = [];
  const emit = (_: string, payload: unknown) => {
    events.push(payload as EventMap['ingest:batch']);
    return true;
  };
  return { clock, events, ingest: createIngest({ pool, clock, events: { emit }, limits }) };
}

export const register = (pool: Pool, name: string, task: Task = 'classification') => transaction(pool, (db) => putModel(db, parseSpec({ name, task, serving: {} }), START));

const LABELS = ['greet', 'bye', 'order'];

/** Registers an adapter with its reference `<adapter>-reference`; of classification, unless rows of another task are given. */
export async function addAdapter(pool: Pool, model: string, adapter: string, version: number, own?: { readonly scoring: Scoring; readonly rows: readonly ScoredRow[] }): Promise<ReferenceBody> {
  const rows = own?.rows ?? Array.from({ length: 60 }, (_, i) => ({ id: `e${i}`, text: `hello ${i % 7} there`, label: LABELS[i % 3] as string, trueLabel: LABELS[(i * 2) % 3] as string, confidence: (i % 20) / 20 }));
  const reference = buildReference({ model, adapter, ...(own === undefined ? {} : { scoring: own.scoring }), createdAt: START.toISOString(), trainTexts: ['hello there', 'good bye now'], rows });
  await pool.query(`insert into adapters (id, model, version, run_id, sha256, base_sha256, labels, files, created_at) values ($1, $2, $3, $1, '', '', '[]', '{}', $4)`, [adapter, model, version, START]);
  await pool.query('insert into "references" (id, model, adapter, body, created_at) values ($1, $2, $3, $4, $5)', [`${adapter}-reference`, model, adapter, Buffer.from(encodeReference(reference)), START]);
  return reference;
}

export async function goLive(pool: Pool, model: string, adapter: string): Promise<void> {
  await pool.query('insert into live (model, adapter, reference, seq) values ($1, $2, $3, 1) on conflict (model) do update set adapter = excluded.adapter, reference = excluded.reference', [model, adapter, `${adapter}-reference`]);
}

export const prediction = (model: string, id: string, more: object = {}) => ({ model, id, input: `hello ${id}`, label: 'greet', confidence: 0.75, ...more });

/** The sum of an adapter's deltas, over all panes or in one. */
export async function sumOfDeltas(pool: Pool, model: string, adapter: string, reference: ReferenceBody, pane?: number): Promise<Profile> {
  const { rows } = await pool.query<{ profile: Uint8Array }>(
    'select profile from pane_deltas where model = $1 and adapter = $2 and reference = $3 and pane = coalesce($4, pane)',
    [model, adapter, `${adapter}-reference`, pane ?? null],
  );
  return rows.reduce((total, row) => addInto(total, decodeProfile(row.profile)), emptyProfile(reference));
}

/** The profile that the stored rows have: what the deltas must add up to. */
export async function profileOfRows(pool: Pool, model: string, adapter: string, reference: ReferenceBody): Promise<Profile> {
  const profile = emptyProfile(reference);
  const { rows } = await pool.query<{ id: string; input: string; label: string; confidence: number | null; truth: string | null }>(
    `select p.id, p.input, p.label, p.confidence, f.label as truth from predictions p
     left join feedback f on f.model = p.model and f.prediction_id = p.id and f.first where p.model = $1 and p.adapter = $2`,
    [model, adapter],
  );
  for (const row of rows) {
    observePrediction(profile, reference, { id: row.id, text: row.input, label: row.label, confidence: row.confidence });
    if (row.truth !== null) observeOutcome(profile, Number(row.label === row.truth));
  }
  return profile;
}

export async function count(pool: Pool, table: string, model: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table} where model = $1`, [model]);
  return rows[0]?.n ?? 0;
}
