/**
 * One contribution of a cluster and pane: of rows of one conversation or user, which are alike, only the first is profiled. All are
 * stored. Predictions and outcomes are counted apart: a cluster whose first prediction has no feedback may have another that has.
 */
import { clusterOf, hashText } from '../profile/index.ts';
import { takeClusters, type OpenPane } from '../store/panes.ts';
import type { Queryable } from '../store/postgres.ts';
import { deltaOf, type Delta } from './deltas.ts';

interface Clustered {
  readonly adapter: string | null;
  readonly features: Readonly<Record<string, unknown>> | null;
}

/** The rows that count, in their order. Rows without a cluster all do. */
export async function firstOfClusters<T>(db: Queryable, model: string, open: OpenPane, deltas: ReadonlyMap<string, Delta>, what: 'predictions' | 'outcomes', rows: readonly T[], of: (row: T) => Clustered): Promise<readonly T[]> {
  if ([...deltas.values()].every(({ reference }) => reference.clusterKey === null)) return rows;
  const firsts = new Map<number, T>();
  const clusters = rows.map((row) => {
    const cluster = hashOf(deltas, of(row));
    if (cluster !== null && !firsts.has(cluster)) firsts.set(cluster, row);
    return cluster;
  });
  const taken = await takeClusters(db, model, open.pane, what === 'outcomes', [...firsts.keys()].sort((a, b) => a - b));
  return rows.filter((row, i) => {
    const cluster = clusters[i] ?? null;
    return cluster === null || (firsts.get(cluster) === row && taken.has(cluster));
  });
}

function hashOf(deltas: ReadonlyMap<string, Delta>, row: Clustered): number | null {
  const key = deltaOf(deltas, row)?.reference.clusterKey ?? null;
  const cluster = key === null ? null : clusterOf(row.features, key);
  // adapters are profiled apart
  return cluster === null ? null : hashText(`${row.adapter}\n${cluster}`);
}
