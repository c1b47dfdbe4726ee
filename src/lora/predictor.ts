/**
 * Adapters that predict in a thread of their own, so that no event loop waits for a matrix product. All adapters of one base share one
 * thread, its tokenizer and its weights' bytes: champion, challenger and the one before are cheap to hold side by side.
 */
import { Worker } from 'node:worker_threads';
import { TrimtabError } from '../errors.ts';
import type { AdapterFiles } from '../vocabulary.ts';
import { readAdapter } from './adapter-files.ts';
import type { Input } from './codecs/index.ts';
import type { Ranked } from './contrast.ts';
import { nearest, unitOf } from './contrast.ts';
import type { HeadKind } from './models/index.ts';
import type { PredictOptions } from './predict.ts';
import type { WireError } from './wire.ts';
import { fromWire } from './wire.ts';

/** One answer, whatever the task. */
export interface Predicted {
  /** The canonical answer (src/tasks): a label, a JSON array of labels or spans, an output; of an embedding '[]'. */
  readonly label: string;
  /** Probability of the answer; of one with several parts their geometric mean. */
  readonly confidence: number;
  /** Probability of each label, in the order of `labels`: classification. */
  readonly scores?: readonly number[];
  /** Of the text: embedding. */
  readonly vector?: readonly number[];
}

export interface Predictor {
  readonly labels: readonly string[];
  readonly kind: HeadKind;
  predict(inputs: readonly Input[], options?: PredictOptions): Promise<Predicted[]>;
  /** Embedding: the documents nearest to the query, best first, at most `most`. */
  rank(query: string, documents: readonly string[], most?: number): Promise<Ranked[]>;
  /** Frees the adapter; the thread ends with its last one. */
  dispose(): Promise<void>;
}

export interface PredictorOptions {
  readonly basePath: string;
  /** A folder, or the files themselves. */
  readonly adapter: string | AdapterFiles;
}

export type PredictorRequest =
  | { readonly kind: 'load'; readonly adapter: number; readonly files: AdapterFiles; readonly name: string }
  | { readonly kind: 'predict'; readonly adapter: number; readonly inputs: readonly Input[]; readonly options: PredictOptions }
  | { readonly kind: 'drop'; readonly adapter: number };

export type PredictorAnswer = { readonly labels: readonly string[]; readonly kind: HeadKind } | { readonly rows: Predicted[] } | { readonly dropped: true };

export type Reply = { readonly call: number; readonly answer: PredictorAnswer } | { readonly call: number; readonly error: WireError };

/** Validates and loads an adapter; throws `bad-base` or `bad-adapter`. */
export async function loadPredictor({ basePath, adapter }: PredictorOptions): Promise<Predictor> {
  const name = typeof adapter === 'string' ? adapter : 'given as files';
  const files = typeof adapter === 'string' ? await readAdapter(adapter) : adapter;
  const thread = threadFor(basePath);
  const id = thread.join();
  const leave = async (): Promise<void> => thread.leave();
  const loaded = await thread.ask({ kind: 'load', adapter: id, files, name }).catch(async (error: unknown) => {
    await leave();
    throw error;
  });
  let disposed: Promise<void> | null = null;
  const predict: Predictor['predict'] = async (inputs, options = {}) => {
    if (disposed !== null) throw new TrimtabError('stopping');
    const answer = await thread.ask({ kind: 'predict', adapter: id, inputs, options });
    return 'rows' in answer ? answer.rows : [];
  };
  const { labels, kind } = 'labels' in loaded ? loaded : { labels: [], kind: 'sequence' as const };
  return {
    labels,
    kind,
    predict,
    async rank(query, documents, most = documents.length) {
      const [first, ...rest] = (await predict([query, ...documents])).map(({ vector = [] }) => unitOf(vector));
      return nearest(first!, rest, most);
    },
    dispose() {
      disposed ??= thread.ask({ kind: 'drop', adapter: id }).then(leave, leave);
      return disposed;
    },
  };
}

interface Thread {
  ask(request: PredictorRequest): Promise<PredictorAnswer>;
  /** Counts one adapter more; gives its number. */
  join(): number;
  leave(): Promise<void>;
}

const threads = new Map<string, Thread>();

function threadFor(basePath: string): Thread {
  const known = threads.get(basePath);
  if (known !== undefined) return known;
  const thread = startThread(basePath, () => {
    if (threads.get(basePath) === thread) threads.delete(basePath);
  });
  threads.set(basePath, thread);
  return thread;
}

/** `onEnd` is called before the thread stops taking calls, so that the next adapter gets a new one. */
function startThread(basePath: string, onEnd: () => void): Thread {
  const worker = new Worker(new URL('./predictor-thread.ts', import.meta.url), { workerData: { basePath } });
  const waiting = new Map<number, { resolve: (answer: PredictorAnswer) => void; reject: (error: unknown) => void }>();
  let [calls, adapters, members] = [0, 0, 0];
  let dead: Error | null = null;

  const die = (error: Error): void => {
    onEnd();
    dead ??= error;
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => die(new Error(`the prediction thread of ${basePath} ended with code ${code}`)));
  worker.on('message', (reply: Reply) => {
    const caller = waiting.get(reply.call);
    waiting.delete(reply.call);
    if ('answer' in reply) caller?.resolve(reply.answer);
    else caller?.reject(fromWire(reply.error));
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (dead !== null) return reject(dead);
        const call = calls++;
        waiting.set(call, { resolve, reject });
        worker.postMessage({ call, request });
      }),
    join() {
      members += 1;
      return adapters++;
    },
    async leave() {
      members -= 1;
      if (members > 0) return;
      onEnd();
      await worker.terminate();
    },
  };
}
