/** A model with a live adapter, its reference, and panes of made rows. */
import { createDrift, type Drift } from '../../src/drift/index.ts';
import { VirtualClock } from '../../src/clock.ts';
import { buildReference, emptyProfile, encodeProfile, encodeReference, observeOutcome, observePrediction, type Profile, type ReferenceBody, type ScoredRow } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { putModel } from '../../src/store/models.ts';
import { transaction, type Pool } from '../../src/store/postgres.ts';
import type { EventMap, EventType } from '../../src/telemetry/events.ts';
import { MINUTE } from '../../src/vocabulary.ts';

export const START = new Date('2026-03-01T00:00:00Z');
export const MODEL = 'router';

/** Rows of a world on course: 10 % errors, three labels, confidence about 0.9, known words. */
export function rowsOnCourse(n: number, from = 0, errorEvery = 10): ScoredRow[] {
  return Array.from({ length: n }, (_, i) => {
    const at = from + i;
    const label = 'abc'[at % 3] as string;
    return { id: `row-${at}`, text: at % 2 === 0 ? 'raise my card limit' : 'my card is lost', label, trueLabel: at % errorEvery === 0 ? 'z' : label, confidence: 0.85 + (at % 10) / 100 };
  });
}

export function referenceFor(adapter: string, rows: readonly ScoredRow[] = rowsOnCourse(2_000)): ReferenceBody {
  return buildReference({ model: MODEL, adapter, createdAt: START.toISOString(), trainTexts: ['raise my card limit', 'my card is lost'], rows });
}

export function profileOf(reference: ReferenceBody, rows: readonly ScoredRow[]): Profile {
  const profile = emptyProfile(reference);
  for (const row of rows) {
    observePrediction(profile, reference, row);
    observeOutcome(profile, Number(row.label === row.trueLabel), row.parts);
  }
  return profile;
}

export interface World {
  readonly drift: Drift;
  readonly clock: VirtualClock;
  readonly told: { type: EventType; payload: unknown }[];
}

export function world(pool: Pool, clock = new VirtualClock(START)): World {
  const told: World['told'] = [];
  const emit = <T extends EventType>(type: T, payload: EventMap[T]) => void told.push({ type, payload });
  return { clock, told, drift: createDrift({ pool, clock, events: { emit } }) };
}

export const register = (pool: Pool, monitor: object = {}, model = MODEL) =>
  transaction(pool, (db) => putModel(db, parseSpec({ name: model, task: 'classification', serving: {}, monitor: { pane: '5m', ...monitor } }), START));

/** Registers an adapter with reference `<adapter>-reference` and makes it live as promotion `seq`. */
export async function promote(pool: Pool, adapter: string, seq: number, at: Date, reference = referenceFor(adapter), model = MODEL): Promise<ReferenceBody> {
  const id = `${adapter}-reference`;
  await pool.query(`insert into adapters (id, model, version, run_id, sha256, base_sha256, labels, files, created_at) values ($1, $2, $3, $1, '', '', '[]', '{}', $4) on conflict do nothing`, [adapter, model, seq, at]);
  await pool.query('insert into "references" (id, model, adapter, body, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing', [id, model, adapter, Buffer.from(encodeReference(reference)), at]);
  await pool.query(`insert into promotions (model, seq, kind, adapter, reference, reason, by, at) values ($1, $2, 'promotion', $3, $4, '', '', $5)`, [model, seq, adapter, id, at]);
  await pool.query('insert into live (model, adapter, reference, seq) values ($1, $2, $3, $4) on conflict (model) do update set adapter = excluded.adapter, reference = excluded.reference, seq = excluded.seq', [model, adapter, id, seq]);
  return reference;
}

export async function addDelta(pool: Pick<Pool, 'query'>, adapter: string, profile: Profile, model = MODEL): Promise<void> {
  await pool.query(
    'insert into pane_deltas (model, pane, adapter, reference, profile) select $1, pane, $2, $3, $4 from panes where model = $1 and closed_at is null',
    [model, adapter, `${adapter}-reference`, Buffer.from(encodeProfile(profile))],
  );
}

/** Brings rows into the open pane and closes it. */
export async function playPane(pool: Pool, { drift, clock }: World, adapter: string, reference: ReferenceBody, rows: readonly ScoredRow[], model = MODEL) {
  await addDelta(pool, adapter, profileOf(reference, rows), model);
  clock.advance(5 * MINUTE);
  return drift.closeDuePanes();
}
