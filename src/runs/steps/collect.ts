/** collect: an immutable dataset from the labelled rows. */
import { isTrimtabError } from '../../errors.ts';
import { collect as collectDataset } from '../../datasets/index.ts';
import type { RunContext } from '../context.ts';
import { move, type Step } from '../state.ts';

export async function collect(context: RunContext): Promise<Step> {
  const { parts, run, spec } = context;
  try {
    const manifest = await collectDataset(parts, { model: run.model, spec, runId: run.id });
    return move('train', { dataset: manifest.id }, { dataset: manifest.id, counts: manifest.counts });
  } catch (error) {
    // too few rows will not become more by trying again: the next trigger will
    if (isTrimtabError(error, 'bad-data')) return move('done', { outcome: 'failed', reason: error.message });
    throw error;
  }
}
