/** The builtin target: answers with adapters in this process, each loaded once, a few kept per model, let go of only when idle. */
import path from 'node:path';
import { messageOf, TrimtabError } from '../../errors.ts';
import { nearest, unitOf } from '../../lora/contrast.ts';
import type { HeadKind } from '../../lora/models/index.ts';
import { loadPredictor, type Predicted, type Predictor } from '../../lora/predictor.ts';
import { chatIn, documentDigest, RANKED, taskRules, type TaskRules } from '../../tasks/index.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterFiles } from '../../vocabulary.ts';
import type { Registry } from '../registry.ts';
import { createCache, type Slot } from './cache.ts';
import type { Held, ServingTarget } from './index.ts';
import { checkAnswer, PROBE_TEXT, PROBE_TOKENS } from './probe.ts';

export type LoadPredictor = (input: { basePath: string; adapter: AdapterFiles }) => Promise<Predictor>;

export interface Answered extends Predicted {
  /** Of a search: the documents that are nearest, best first, by their place in the request. */
  readonly ranking?: readonly { readonly document: number; readonly cosine: number }[];
}

export interface Answer {
  readonly adapter: string;
  /** Of the task that the adapter is of. */
  readonly rules: TaskRules;
  /** Labels of the adapter's head, in the order of `scores`. */
  readonly labels: readonly string[];
  /** In the order of the texts. */
  readonly rows: readonly Answered[];
}

export interface PredictOptions {
  /** The live one when left out. */
  readonly adapter?: string;
  /** Embedding: what is searched. */
  readonly documents?: readonly string[];
}

export interface BuiltinTarget extends ServingTarget {
  /** Throws `no-live-adapter`, `not-found`, `stopping`, and `bad-request` for documents that the adapter cannot search. */
  predict(model: string, texts: readonly string[], options?: PredictOptions): Promise<Answer>;
  /** Refuses new predictions, waits for those in flight, lets go of everything. */
  stop(): Promise<void>;
}

export interface BuiltinOptions {
  readonly registry: Pick<Registry, 'live' | 'adapter' | 'adapterFiles' | 'trainedWith'>;
  /** Folder that relative base paths of specs start from. */
  readonly baseDir: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly load?: LoadPredictor;
}

/** The live one, the one before it (the watch needs it), and one on its way in. */
const KEPT_PER_MODEL = 3;

/** The task that a head is for. */
const RULES: Readonly<Record<HeadKind, TaskRules>> = {
  sequence: taskRules('classification'), multilabel: taskRules('classification', 'multi'), tokens: taskRules('extraction'),
  pooled: taskRules('embedding'), vocabulary: taskRules('generation'),
};

export const rulesOfHead = (kind: HeadKind): TaskRules => RULES[kind];

interface Loaded {
  readonly predictor: Predictor;
  readonly rules: TaskRules;
  readonly maxNewTokens: number;
}

export function createBuiltinTarget({ registry, baseDir, log, load = loadPredictor }: BuiltinOptions): BuiltinTarget {
  const open = async (model: string, id: string): Promise<Loaded> => {
    const adapter = await registry.adapter(id);
    // The cache trusts its key afterwards: one model's adapter must not answer for another.
    if (adapter.model !== model) throw new TrimtabError('not-found', { what: `adapter of model ${model}`, id });
    const [files, { base, maxNewTokens }] = await Promise.all([registry.adapterFiles(id), registry.trainedWith(id)]);
    const predictor = await load({ basePath: path.resolve(baseDir, base), adapter: files });
    if (!sameLabels(predictor.labels, adapter.labels)) {
      await predictor.dispose();
      throw new TrimtabError('bad-adapter', { adapter: id, problem: 'its labels are not those it was registered with', right: 'register the adapter with the labels of its head' });
    }
    log.info({ model, adapter: id }, `adapter ${id} is loaded`);
    return { predictor, rules: rulesOfHead(predictor.kind), maxNewTokens };
  };
  const cache = createCache({
    open,
    close: (slot: Slot<Loaded>, { predictor }) => predictor.dispose().catch((error: unknown) => log.warn({ adapter: slot.key }, `adapter ${slot.key} could not be let go of: ${messageOf(error)}`)),
    keep: KEPT_PER_MODEL,
  });

  const held = async (id: string, work: (loaded: Loaded) => Promise<unknown>): Promise<Held> => {
    const { model, sha256 } = await registry.adapter(id);
    await cache.use(model, id, work);
    return { adapter: id, sha256 };
  };

  return {
    async predict(model, texts, { adapter: named, documents } = {}) {
      const id = named ?? (await registry.live(model))?.adapter;
      if (id === undefined) throw new TrimtabError('no-live-adapter', { model });
      return cache.use(model, id, async (loaded) => {
        const { rules, predictor: { labels } } = loaded;
        return { adapter: id, rules, labels, rows: documents === undefined ? await ask(loaded, texts) : await search(loaded, texts, documents) };
      });
    },
    ensureLoaded: (id) => held(id, async () => {}),
    probe: (id) => held(id, async ({ predictor, rules }) => checkAnswer(id, rules, predictor, await predictor.predict([PROBE_TEXT], { maxTokens: PROBE_TOKENS }))),
    ensureAbsent: (id) => cache.drop(id),
    list: () => Promise.all(cache.keys().sort().map(async (id) => ({ adapter: id, sha256: (await registry.adapter(id)).sha256 }))),
    stop: () => cache.stop(),
  };
}

/** A chat travels as one text, and is a chat again where a model takes it. */
function ask({ predictor, rules, maxNewTokens }: Loaded, texts: readonly string[]): Promise<Predicted[]> {
  if (rules.task !== 'generation') return predictor.predict(texts);
  return predictor.predict(texts.map((text) => chatIn(text) ?? text), { maxTokens: maxNewTokens });
}

async function search(loaded: Loaded, texts: readonly string[], documents: readonly string[]): Promise<Answered[]> {
  if (loaded.rules.task !== 'embedding') {
    throw new TrimtabError('bad-request', { what: 'documents', problem: `task ${loaded.rules.task} searches none`, right: 'send them to a model of task embedding' });
  }
  // texts of one meaning may come as text and as document, and documents twice: each is computed once
  const distinct = [...new Set([...texts, ...documents])];
  const answers = new Map((await loaded.predictor.predict(distinct)).map((answer, i) => [distinct[i] as string, answer]));
  const unit = new Map([...answers].map(([text, { vector = [] }]) => [text, unitOf(vector)]));
  const unitsOfDocuments = documents.map((document) => unit.get(document)!);
  return texts.map((text) => {
    const ranking = nearest(unit.get(text)!, unitsOfDocuments, RANKED).map(({ index, cosine }) => ({ document: index, cosine }));
    const label = JSON.stringify([...new Set(ranking.map(({ document }) => documentDigest(documents[document] as string)))]);
    return { ...answers.get(text)!, label, confidence: Math.min(1, Math.max(0, ranking[0]?.cosine ?? 0)), ranking };
  });
}

const sameLabels = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((label, i) => label === b[i]);
