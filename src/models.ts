/** The models that are kept on course: put, get, list. */
import type { Clock } from './clock.ts';
import { TrimtabError } from './errors.ts';
import { parseSpec, type ModelSpec } from './spec.ts';
import { getModel, listModels, putModel, type StoredModel } from './store/models.ts';
import { transaction, type Pool } from './store/postgres.ts';

export type { StoredModel } from './store/models.ts';

export interface Models {
  /** Completes, checks and stores a spec; a new version only when it changed. Throws `bad-spec`, and `conflict` for another task: rows are stored in its form. */
  put(spec: unknown): Promise<StoredModel & { readonly changed: boolean }>;
  /** Throws `not-found`. */
  get(name: string): Promise<StoredModel>;
  list(): Promise<StoredModel[]>;
}

export function createModels({ pool, clock }: { pool: Pool; clock: Clock }): Models {
  return {
    async put(input) {
      const spec = parseSpec(input);
      return transaction(pool, async (db) => {
        const stored = await getModel(db, spec.name);
        if (stored !== null) keepTask(stored.spec, spec);
        return putModel(db, spec, clock.now());
      });
    },
    async get(name) {
      const model = await getModel(pool, name);
      if (model === null) throw new TrimtabError('not-found', { what: 'model', id: name });
      return model;
    },
    list: () => listModels(pool),
  };
}

function keepTask(before: ModelSpec, after: ModelSpec): void {
  const [was, is] = [before, after].map(({ task, labels = 'single' }) => `${task}, labels ${labels}`);
  if (was !== is) throw new TrimtabError('conflict', { problem: `model ${after.name} is registered for ${was}, not ${is}`, right: 'register a model of another name for another task' });
}
