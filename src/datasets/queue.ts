/**
 * The label queue: which predictions are most worth a label. Two ways, for two uses. `worth`: those that unresolved
 * incidents name as texts that moved, since they say what is new; then those that the live adapter is least
 * sure of, taken in turns over its answers so that one hard label does not fill the queue; without near-duplicates, since the second of
 * two teaches nothing. Rows that were chosen by their answer are no fair sample: their labels teach, and must never measure. `chance`:
 * a fair sample, whose labels may do both.
 */
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { milliseconds, rulesOf, type ModelSpec } from '../spec.ts';
import { getModel } from '../store/models.ts';
import { textsThatMove } from '../store/moved-texts.ts';
import type { Pool } from '../store/postgres.ts';
import { getAdapter, getLive } from '../store/promotion.ts';
import { insertSkip, recentLabels, unlabelled, unlabelledAmong, unlabelledByChance, type QueueCandidate, type QueueScope } from '../store/queue.ts';
import { isNear, sketch, type Sketch } from './sketch.ts';
import { inTurns } from './turns.ts';

export const QUEUE_WAYS = ['worth', 'chance'] as const;
export type QueueWay = (typeof QUEUE_WAYS)[number];

export interface QueueRow extends QueueCandidate {
  /** Why it stands here, in words. */
  readonly why: string;
  /** That names it as a text that moved. */
  readonly incident: string | null;
}

/** A prediction that an incident names. */
export interface NamedCandidate extends QueueCandidate {
  readonly incident: string;
}

export interface LabelQueue {
  readonly model: string;
  readonly by: QueueWay;
  /** Null while nothing is live: then there are no rows. */
  readonly adapter: string | null;
  /** Labels to choose from: of the live adapter and of the newest labelled rows; empty where labels are of no closed set. */
  readonly labels: readonly string[];
  /** Predictions without a label that were looked at. */
  readonly lookedAt: number;
  readonly rows: readonly QueueRow[];
}

export interface LabelQueues {
  /** Throws `not-found`. */
  next(ask: { readonly model: string; readonly by: QueueWay; readonly limit: number }): Promise<LabelQueue>;
  /** Somebody cannot say: it does not come again. Throws `not-found`. */
  skip(ask: { readonly model: string; readonly predictionId: string; readonly by: string }): Promise<void>;
}

/** Predictions that are looked at: the newest, since older ones say less about what the model sees now. */
const LOOKED_AT = 4_000;

export function createLabelQueues({ pool, clock }: { pool: Pool; clock: Clock }): LabelQueues {
  const known = async (name: string) => {
    const model = await getModel(pool, name);
    if (model === null) throw new TrimtabError('not-found', { what: 'model', id: name });
    return model;
  };
  return {
    async next({ model: name, by, limit }) {
      const { spec } = await known(name);
      const live = await getLive(pool, name);
      if (live === null) return { model: name, by, adapter: null, labels: [], lookedAt: 0, rows: [] };
      const scope: QueueScope = { model: name, adapter: live.adapter, since: new Date(clock.now().getTime() - milliseconds(spec.data.window)), limit: LOOKED_AT };
      const candidates = by === 'chance' ? await unlabelledByChance(pool, scope, limit) : await unlabelled(pool, scope);
      const rows = by === 'chance' ? candidates.map((row) => ({ ...row, why: 'drawn by chance', incident: null })) : await mostWorth(candidates, limit, strataOf(spec), await namedByIncidents(pool, scope));
      const labels = await labelsOf(pool, name, spec, (await getAdapter(pool, live.adapter))?.labels ?? []);
      return { model: name, by, adapter: live.adapter, labels, lookedAt: candidates.length, rows };
    },
    async skip({ model: name, predictionId, by }) {
      await known(name);
      await insertSkip(pool, { model: name, predictionId, by, at: clock.now() });
    },
  };
}

/** Of the newest incident first, within each those with most of what rose. */
async function namedByIncidents(pool: Pool, scope: QueueScope): Promise<NamedCandidate[]> {
  const incidents = new Map<string, string>();
  for (const { incident, sampleIds } of await textsThatMove(pool, scope.model)) for (const id of sampleIds) if (!incidents.has(id)) incidents.set(id, incident);
  if (incidents.size === 0) return [];
  return (await unlabelledAmong(pool, scope, [...incidents.keys()])).map((row) => ({ ...row, incident: incidents.get(row.id) as string }));
}

/** What an answer is counted under: its label where there is a closed set, else the segment. */
export type StratumOf = (row: QueueCandidate) => string;

function strataOf(spec: ModelSpec): StratumOf {
  const rules = rulesOf(spec);
  return ({ answer, segment }) => rules.labelsIn(answer)?.join(', ') ?? segment ?? '';
}

/**
 * What incidents name, in its order; then the least sure of each stratum in turns, the stratum whose next row is least sure first in every turn; rows without a confidence come
 * last. A row that is near one already taken is passed over.
 */
export async function mostWorth(candidates: readonly QueueCandidate[], limit: number, stratumOf: StratumOf, named: readonly NamedCandidate[] = []): Promise<QueueRow[]> {
  const strata = new Map<string, QueueCandidate[]>();
  for (const row of [...candidates].sort(leastSureFirst)) strata.set(stratumOf(row), [...(strata.get(stratumOf(row)) ?? []), row]);
  const turns = [...strata].flatMap(([stratum, rows]) => rows.map((row, turn) => ({ row, turn, stratum }))).sort((a, b) => a.turn - b.turn || leastSureFirst(a.row, b.row));
  const [chosen, sketches]: [QueueRow[], Sketch[]] = [[], []];
  const take = (row: QueueRow) => {
    if (chosen.length >= limit) return;
    const own = sketch(row.text);
    if (sketches.some((other) => isNear(own, other))) return;
    sketches.push(own);
    chosen.push(row);
  };
  for (const row of named) take({ ...row, why: `moved in incident ${row.incident}` });
  await inTurns(turns, ({ row, turn, stratum }) => take({ ...row, why: whyOf(row, turn, stratum), incident: null }));
  return chosen;
}

const leastSureFirst = (a: QueueCandidate, b: QueueCandidate) => (a.confidence ?? 2) - (b.confidence ?? 2) || (a.id < b.id ? -1 : 1);

function whyOf({ confidence }: QueueCandidate, turn: number, stratum: string): string {
  if (confidence === null) return 'its confidence is not known';
  const place = turn === 0 ? 'least sure' : `number ${turn + 1} of the least sure`;
  return stratum === '' ? place : `${place} among answers "${stratum}"`;
}

async function labelsOf(pool: Pool, model: string, spec: ModelSpec, ofAdapter: readonly string[]): Promise<string[]> {
  const rules = rulesOf(spec);
  if (spec.task !== 'classification') return [...ofAdapter];
  const told = (await recentLabels(pool, model)).flatMap((label) => rules.labelsIn(label) ?? []);
  return [...new Set([...ofAdapter, ...told])].sort();
}
