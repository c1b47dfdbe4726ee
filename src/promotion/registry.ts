/** What is live, and what was. Adapters are never overwritten; the alias "live" moves by compare-and-swap, and every move is kept. */
import { sha256 } from '../canonical.ts';
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { ADAPTER_FILES } from '../lora/adapter-files.ts';
import type { ScoredBin } from '../statistics/confidence-bins.ts';
import type { ObjectStore } from '../store/objects/index.ts';
import { insertCalibration } from '../store/performance.ts';
import { lockModel, transaction, type Pool, type Queryable } from '../store/postgres.ts';
import {
  adapterOfRun, getAdapter, getLive, getLiveAt, insertAdapter, insertPromotion, insertReference, lastPromotionOf,
  listAdapters, listPromotions, nextAdapterVersion, promotionOfRun, swapLive, trainedWith, type Adapter, type Live, type Promotion, type TrainedWith,
} from '../store/promotion.ts';
import type { Events } from '../telemetry/events.ts';
import type { AdapterFiles } from '../vocabulary.ts';

export type { Adapter, Live, Promotion, TrainedWith } from '../store/promotion.ts';

export interface NewAdapter {
  readonly model: string;
  readonly runId: string;
  readonly files: AdapterFiles;
  readonly labels: readonly string[];
  readonly baseSha256: string;
}

export interface PromoteRequest {
  readonly model: string;
  readonly adapter: string;
  /** Encoded `ReferenceBody`: what drift of this adapter will be measured against. */
  readonly referenceBody: Uint8Array;
  /** The reference's rows by bins of confidence, with what they scored by `metric`; left out: nothing is known of what its confidences are worth. */
  readonly calibration?: { readonly metric: string; readonly bins: readonly ScoredBin[] };
  /** `seq` of what was live when the decision was made; null when nothing was. */
  readonly expectedSeq: number | null;
  readonly runId: string;
  readonly reason: string;
  /** Who let it through: `auto`, or a person. */
  readonly by: string;
}

export interface RollbackRequest {
  readonly model: string;
  readonly expectedSeq?: number;
  /** An adapter that was live once; without it, the one before the current. */
  readonly to?: string;
  readonly runId?: string;
  readonly reason: string;
  readonly by: string;
}

/** `changed`: false when the run had done it before. */
export type Moved = Promotion & { readonly changed: boolean };

export interface Registry {
  /** Stores an adapter; once for a run. Throws `conflict` when the run has registered other weights. */
  registerAdapter(input: NewAdapter): Promise<Adapter>;
  /** Throws `not-found`. */
  adapter(id: string): Promise<Adapter>;
  /** Newest first. */
  adapters(model: string): Promise<Adapter[]>;
  /** Throws `not-found`. */
  adapterFiles(id: string): Promise<AdapterFiles>;
  /** The base and the length of outputs as the spec named them when the adapter was trained. Throws `not-found`. */
  trainedWith(id: string): Promise<TrainedWith>;
  live(model: string): Promise<Live | null>;
  /** What was live at a time; null before the first promotion. */
  liveAt(model: string, at: Date): Promise<Promotion | null>;
  /** Newest first. */
  history(model: string): Promise<Promotion[]>;
  /** Throws `conflict` when something else went live since `expectedSeq`, `not-found` for an adapter that is not the model's. */
  promote(request: PromoteRequest): Promise<Moved>;
  /** Back to an earlier adapter, with its reference. Throws `no-live-adapter`, and `conflict` when there is nothing to go back to or `expectedSeq` has passed. */
  rollback(request: RollbackRequest): Promise<Moved>;
}

export interface RegistryParts {
  readonly pool: Pool;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly events: Events;
}

export function createRegistry({ pool, objects, clock, events }: RegistryParts): Registry {
  /** Moves are made one at a time for a model; listeners hear of them only once they are durable. */
  const move = async (model: string, work: (db: Queryable) => Promise<Moved>): Promise<Moved> => {
    const moved = await transaction(pool, async (db) => {
      await lockModel(db, 'promotion', model, 'exclusive');
      return work(db);
    });
    if (moved.changed) events.emit('promotion', { model, adapter: moved.adapter, previous: moved.previous, kind: moved.kind, run: moved.runId });
    return moved;
  };
  const adapter = async (id: string): Promise<Adapter> => (await getAdapter(pool, id)) ?? notFound(id);

  return {
    async registerAdapter(input) {
      const files = await storeFiles(objects, input.files);
      return transaction(pool, (db) => register(db, input, files, clock.now()));
    },
    adapter,
    adapters: (model) => listAdapters(pool, model),
    adapterFiles: async (id) => loadFiles(objects, (await adapter(id)).files),
    trainedWith: async (id) => (await trainedWith(pool, id)) ?? notFound(id),
    live: (model) => getLive(pool, model),
    liveAt: (model, at) => getLiveAt(pool, model, at),
    history: (model) => listPromotions(pool, model),
    promote: (request) => move(request.model, (db) => promote(db, request, clock.now())),
    rollback: (request) => move(request.model, (db) => rollback(db, request, clock.now())),
  };
}

async function register(db: Queryable, input: NewAdapter, files: Adapter['files'], now: Date): Promise<Adapter> {
  const { model, runId, labels, baseSha256 } = input;
  await lockModel(db, 'promotion', model, 'exclusive');
  const digest = sha256(input.files.weights);
  const known = await adapterOfRun(db, runId);
  if (known !== null) {
    if (known.sha256 === digest && known.model === model) return known;
    throw new TrimtabError('conflict', { problem: `run ${runId} has already registered ${known.id} with other weights`, right: 'a run makes one adapter' });
  }
  const version = await nextAdapterVersion(db, model);
  const adapter: Adapter = { id: `${model}--v${version}-${digest.slice(0, 8)}`, model, version, runId, sha256: digest, baseSha256, labels, files, createdAt: now };
  await insertAdapter(db, adapter);
  return adapter;
}

async function promote(db: Queryable, request: PromoteRequest, now: Date): Promise<Moved> {
  const { model, adapter, expectedSeq, runId, reason, by } = request;
  const done = await promotionOfRun(db, runId, 'promotion');
  if (done !== null) return { ...done, changed: false };
  if ((await getAdapter(db, adapter))?.model !== model) return notFound(adapter);
  const live = await getLive(db, model);
  checkSeq(live, expectedSeq);
  const reference = `${adapter}--ref-${sha256(request.referenceBody).slice(0, 8)}`;
  await insertReference(db, { id: reference, model, adapter, body: request.referenceBody, createdAt: now });
  if (request.calibration !== undefined) await insertCalibration(db, { reference, ...request.calibration });
  return makeLive(db, live, { model, seq: (live?.seq ?? 0) + 1, kind: 'promotion', adapter, reference, previous: live?.adapter ?? null, runId, reason, by, at: now });
}

async function rollback(db: Queryable, request: RollbackRequest, now: Date): Promise<Moved> {
  const { model, runId = null, reason, by } = request;
  const done = runId === null ? null : await promotionOfRun(db, runId, 'rollback');
  if (done !== null) return { ...done, changed: false };
  const live = await getLive(db, model);
  if (live === null) throw new TrimtabError('no-live-adapter', { model });
  if (request.expectedSeq !== undefined) checkSeq(live, request.expectedSeq);
  // Not the row before in the history: after one rollback that would be the very adapter that was taken back.
  const adapter = request.to ?? (await lastPromotionOf(db, model, live.adapter, 'promotion'))?.previous ?? null;
  const target = adapter === null ? null : await lastPromotionOf(db, model, adapter, null);
  if (adapter === live.adapter || target === null) {
    const problem = adapter === null ? `nothing was live before ${live.adapter}` : adapter === live.adapter ? `${adapter} is live already` : `${adapter} was never live for ${model}`;
    throw new TrimtabError('conflict', { problem, right: 'name an adapter of the history of promotions that is not live now' });
  }
  return makeLive(db, live, { model, seq: live.seq + 1, kind: 'rollback', adapter: target.adapter, reference: target.reference, previous: live.adapter, runId, reason, by, at: now });
}

/** The swap repeats under the lock what was checked before, so that even a writer without the lock could not be overwritten. */
async function makeLive(db: Queryable, live: Live | null, next: Promotion): Promise<Moved> {
  if (!(await swapLive(db, next.model, live?.seq ?? null, next))) return moved(next.model);
  return { ...(await insertPromotion(db, next)), changed: true };
}

function checkSeq(live: Live | null, expectedSeq: number | null): void {
  if ((live?.seq ?? null) !== expectedSeq) moved(live === null ? 'the model' : live.adapter);
}

function moved(what: string): never {
  throw new TrimtabError('conflict', { problem: `what is live has changed since the decision (now: ${what})`, right: 'decide again against what is live now' });
}

function notFound(id: string): never {
  throw new TrimtabError('not-found', { what: 'adapter', id });
}

async function storeFiles(objects: ObjectStore, { config, weights, extra }: AdapterFiles): Promise<Record<string, string>> {
  const named = { ...extra, [ADAPTER_FILES.config]: config, [ADAPTER_FILES.weights]: weights };
  return Object.fromEntries(await Promise.all(Object.entries(named).map(async ([name, bytes]) => [name, await objects.put(bytes)] as const)));
}

async function loadFiles(objects: ObjectStore, files: Adapter['files']): Promise<AdapterFiles> {
  const { [ADAPTER_FILES.config]: config, [ADAPTER_FILES.weights]: weights, ...extra } = files;
  if (config === undefined || weights === undefined) throw new TrimtabError('bad-adapter', { adapter: 'stored', problem: 'it lacks its config or its weights', right: 'register it again' });
  return {
    config: await objects.get(config),
    weights: await objects.get(weights),
    extra: Object.fromEntries(await Promise.all(Object.entries(extra).map(async ([name, digest]) => [name, await objects.get(digest)] as const))),
  };
}
