/** Serving targets: where adapters answer. What each can do stands in a table; code asks the table, never the name. */
import type { ModelSpec } from '../../spec.ts';
import { TASKS, type Task } from '../../vocabulary.ts';

/** What a target says of an adapter that it holds; promotion is done when every replica answers with the digest. */
export interface Held {
  readonly adapter: string;
  /** sha256 of adapter_model.safetensors. */
  readonly sha256: string;
}

export interface ServingTarget {
  /** Loads an adapter, or finds it loaded. Throws `not-found`, `bad-adapter`, `bad-base`. */
  ensureLoaded(adapter: string): Promise<Held>;
  /** Lets go of an adapter once its predictions in flight have ended. */
  ensureAbsent(adapter: string): Promise<void>;
  list(): Promise<Held[]>;
  /** Has the adapter answer a fixed text and looks at the answer. Throws `bad-adapter`. */
  probe(adapter: string): Promise<Held>;
}

export interface TargetCapabilities {
  readonly tasks: readonly Task[];
  /** Answers predict requests through Trimtab itself. */
  readonly predicts: boolean;
  /** Answers with an adapter that is not live, so that a watch can score the one before. */
  readonly shadows: boolean;
}

export const TARGETS: Readonly<Record<ModelSpec['serving']['target'], TargetCapabilities>> = {
  builtin: { tasks: TASKS, predicts: true, shadows: true },
};
