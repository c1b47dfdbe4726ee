/** The dataset of a run, as its collect step left it. */
import type { DatasetManifest } from '../datasets/index.ts';
import { TrimtabError } from '../errors.ts';
import { getDataset } from '../store/datasets.ts';
import type { RunContext } from './context.ts';

/** Reads it and never collects: a later step must not see other rows than the first. Throws `not-found`. */
export async function manifestOf({ parts, run }: RunContext): Promise<DatasetManifest> {
  const manifest = run.dataset === null ? null : await getDataset<DatasetManifest>(parts.pool, run.dataset);
  if (manifest === null) throw new TrimtabError('not-found', { what: 'dataset of run', id: run.id });
  return manifest;
}
