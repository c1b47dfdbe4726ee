/** The builtin target: answers with adapters in this process, each loaded once, a few kept per model, let go of only when idle. */
import path from 'node:path';
import { messageOf, TrimtabError } from '../../errors.ts';
import { loadPredictor, type Predicted, type Predictor } from '../../lora/predictor.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterFiles } from '../../vocabulary.ts';
import type { Registry } from '../registry.ts';
import { createCache, type Slot } from './cache.ts';
import type { Held, ServingTarget } from './index.ts';

export type LoadPredictor = (input: { basePath: string; adapter: AdapterFiles }) => Promise<Predictor>;

export interface Answer {
  readonly adapter: string;
  /** In the order of the texts. */
  readonly rows: readonly Predicted[];
}

export interface BuiltinTarget extends ServingTarget {
  /** Answers with the live adapter, or with the one named. Throws `no-live-adapter`, `not-found`, `stopping`. */
  predict(model: string, texts: readonly string[], adapter?: string): Promise<Answer>;
  /** Refuses new predictions, waits for those in flight, lets go of everything. */
  stop(): Promise<void>;
}

export interface BuiltinOptions {
  readonly registry: Pick<Registry, 'live' | 'adapter' | 'adapterFiles' | 'baseOf'>;
  /** Folder that relative base paths of specs start from. */
  readonly baseDir: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly load?: LoadPredictor;
}

/** The live one, the one before it (the watch needs it), and one on its way in. */
const KEPT_PER_MODEL = 3;
const PROBE_TEXT = 'is anybody there?';
const SUM_TOLERANCE = 1e-3;

export function createBuiltinTarget({ registry, baseDir, log, load = loadPredictor }: BuiltinOptions): BuiltinTarget {
  const open = async (model: string, id: string): Promise<Predictor> => {
    const adapter = await registry.adapter(id);
    // The cache trusts its key afterwards: one model's adapter must not answer for another.
    if (adapter.model !== model) throw new TrimtabError('not-found', { what: `adapter of model ${model}`, id });
    const [files, base] = await Promise.all([registry.adapterFiles(id), registry.baseOf(id)]);
    const predictor = await load({ basePath: path.resolve(baseDir, base), adapter: files });
    if (!sameLabels(predictor.labels, adapter.labels)) {
      await predictor.dispose();
      throw new TrimtabError('bad-adapter', { adapter: id, problem: 'its labels are not those it was registered with', right: 'register the adapter with the labels of its head' });
    }
    log.info({ model, adapter: id }, `adapter ${id} is loaded`);
    return predictor;
  };
  const cache = createCache({
    open,
    close: (slot: Slot<Predictor>, predictor) => predictor.dispose().catch((error: unknown) => log.warn({ adapter: slot.key }, `adapter ${slot.key} could not be let go of: ${messageOf(error)}`)),
    keep: KEPT_PER_MODEL,
  });

  const held = async (id: string, work: (predictor: Predictor) => Promise<unknown>): Promise<Held> => {
    const { model, sha256 } = await registry.adapter(id);
    await cache.use(model, id, work);
    return { adapter: id, sha256 };
  };

  return {
    async predict(model, texts, named) {
      const id = named ?? (await registry.live(model))?.adapter;
      if (id === undefined) throw new TrimtabError('no-live-adapter', { model });
      return { adapter: id, rows: await cache.use(model, id, (predictor) => predictor.predict(texts)) };
    },
    ensureLoaded: (id) => held(id, async () => {}),
    probe: (id) => held(id, async (predictor) => checkAnswer(id, predictor.labels, await predictor.predict([PROBE_TEXT]))),
    ensureAbsent: (id) => cache.drop(id),
    list: () => Promise.all(cache.keys().sort().map(async (id) => ({ adapter: id, sha256: (await registry.adapter(id)).sha256 }))),
    stop: () => cache.stop(),
  };
}

/** An adapter can pass every static check and still answer NaN. */
function checkAnswer(adapter: string, labels: readonly string[], rows: readonly Predicted[]): void {
  const [row] = rows;
  const scores = row?.scores ?? [];
  const probability = (p: number) => p >= 0 && p <= 1;
  const sum = scores.reduce((a, b) => a + b, 0);
  if (rows.length === 1 && row !== undefined && labels.includes(row.label) && probability(row.confidence)
    && scores.length === labels.length && scores.every(probability) && Math.abs(sum - 1) <= SUM_TOLERANCE) return;
  throw new TrimtabError('bad-adapter', {
    adapter,
    problem: `it answers the probe with ${JSON.stringify(row?.label ?? null)} at ${row?.confidence}, its ${scores.length} scores add up to ${sum}`,
    right: `a label of its ${labels.length} with finite probabilities that add up to 1`,
  });
}

const sameLabels = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((label, i) => label === b[i]);
