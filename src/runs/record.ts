/**
 * The decision record of a run: everything needed to explain it and to run the decision again. Written when the decision
 * falls (`decision`) and when the run ends (`outcome`), in the transaction that moves the run.
 */
import { canonicalJson } from '../canonical.ts';
import { judge } from '../evaluation/gates.ts';
import type { ExamSheet } from '../evaluation/exam.ts';
import { appendRecord, getRecord, verifyChain } from '../promotion/records.ts';
import { rulesOf, type ModelSpec } from '../spec.ts';
import { getDataset } from '../store/datasets.ts';
import { getJson, type ObjectStore } from '../store/objects/index.ts';
import type { Client, Pool, Queryable } from '../store/postgres.ts';
import { runSteps, type RunRow } from '../store/runs.ts';
import { getTrigger } from '../store/triggers.ts';
import { evaluationOf, type EvaluationState } from './state.ts';

export interface DecisionBody {
  readonly version: 1;
  readonly run: string;
  readonly model: string;
  readonly spec: ModelSpec;
  readonly trigger: unknown;
  readonly dataset: unknown;
  readonly job: unknown;
  readonly champion: string | null;
  readonly challenger: string | null;
  readonly evaluation: EvaluationState | null;
}

/** Puts on record what the move from `before` to `after` decided, if it decided anything. */
export async function recordMove(db: Client, before: RunRow, after: RunRow, spec: ModelSpec, now: Date): Promise<void> {
  const decided = before.state === 'evaluate' && after.state !== 'evaluate';
  if (decided) await appendRecord(db, { model: after.model, runId: after.id, kind: 'decision', body: await decisionBody(db, after, spec), at: now });
  if (after.state !== 'done') return;
  const body = { version: 1, run: after.id, model: after.model, outcome: after.outcome, reason: after.reason, rollout: after.rollout, watch: after.watch, steps: await runSteps(db, after.id) };
  await appendRecord(db, { model: after.model, runId: after.id, kind: 'outcome', body: plain(body), at: now });
}

async function decisionBody(db: Queryable, run: RunRow, spec: ModelSpec): Promise<DecisionBody> {
  const body: DecisionBody = {
    version: 1,
    run: run.id,
    model: run.model,
    spec,
    trigger: await getTrigger(db, run.triggerId),
    dataset: run.dataset === null ? null : await getDataset(db, run.dataset),
    job: run.job,
    champion: run.champion,
    challenger: run.challenger,
    evaluation: evaluationOf(run),
  };
  return plain(body);
}

/** Dates and undefined fields as JSON has them: the record is hashed as text. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export interface Verification {
  readonly id: string;
  readonly chain: 'whole' | string;
  /** `same`: running the gates again on the stored exam sheets gave the recorded evaluation. */
  readonly decision: 'same' | 'different' | 'none';
}

/** Checks the chain of the record's model, and recomputes its decision from the stored exam sheets. */
export async function verifyRecord(parts: { pool: Pool; objects: ObjectStore }, id: string): Promise<Verification> {
  const record = await getRecord(parts.pool, id);
  const chain = await verifyChain(parts.pool, record.model);
  return { id, chain: chain.whole ? 'whole' : `broken at record ${chain.brokenAt.seq}: ${chain.brokenAt.problem}`, decision: record.kind === 'decision' ? await redecide(parts.objects, record.content as DecisionBody) : 'none' };
}

async function redecide(objects: ObjectStore, body: DecisionBody): Promise<Verification['decision']> {
  if (body.evaluation === null) return 'none';
  const { basis: { championSheet, challengerSheet, floorSheet, majority }, ...evaluation } = body.evaluation;
  const sheet = (digest: string) => getJson<ExamSheet>(objects, digest);
  const again = judge({
    spec: body.spec.gates,
    rules: rulesOf(body.spec),
    challenger: await sheet(challengerSheet),
    champion: championSheet === null ? null : await sheet(championSheet),
    majority,
    floor: floorSheet ? await sheet(floorSheet) : null,
  });
  return canonicalJson(plain(again)) === canonicalJson(evaluation) ? 'same' : 'different';
}
