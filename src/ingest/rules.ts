/** Rules of models by name. A model's task never changes, so what was found once holds. */
import { tasksOf } from '../store/models.ts';
import type { Queryable } from '../store/postgres.ts';
import { taskRules, type TaskRules } from '../tasks/index.ts';

export interface KnownRules {
  /** Finds the models that are not known yet by one query; null when all are: a request must not wait for nothing. */
  load(db: Queryable, models: Iterable<string>): Promise<void> | null;
  /** Null for a model that is not registered. */
  of(model: string): TaskRules | null;
}

export function createRules(): KnownRules {
  const known = new Map<string, TaskRules>();
  const find = async (db: Queryable, models: readonly string[]) => {
    for (const { name, task, labels } of await tasksOf(db, models)) known.set(name, taskRules(task, labels ?? 'single'));
  };
  return {
    load(db, models) {
      const missing = [...new Set(models)].filter((model) => !known.has(model) && model.isWellFormed() && !model.includes('\0'));
      return missing.length === 0 ? null : find(db, missing);
    },
    of: (model) => known.get(model) ?? null,
  };
}
