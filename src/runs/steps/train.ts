/** train: launches the job, follows it, and registers the challenger. The job outlives this process and is found again. */
import { putLines } from '../../store/objects/index.ts';
import type { RunContext } from '../context.ts';
import { follow, tellDone } from '../follow.ts';
import { manifestOf } from '../manifest.ts';
import { again, jobOf, move, REST, type Step } from '../state.ts';

const MAX_ATTEMPTS = 3;

export async function train(context: RunContext): Promise<Step> {
  const { parts, run, spec } = context;
  const job = jobOf(run);
  const manifest = await manifestOf(context);
  if (job.train === null) {
    const live = spec.training.start === 'champion' ? await parts.registry.live(run.model) : null;
    const handle = await parts.training.launch({
      id: `${run.id}-train-${run.attempt}`,
      kind: 'train',
      model: run.model,
      spec,
      base: parts.basePath(spec.base.model),
      labels: manifest.labels,
      train: manifest.train,
      exam: manifest.exam,
      initial: live ? await parts.registry.adapterFiles(live.adapter) : null,
      seed: spec.training.seed,
      workers: parts.workers,
    });
    return again({ job: { ...job, train: handle } });
  }
  const status = await follow(context, job.train);
  if (status === null) return REST;
  if (status.state !== 'done') {
    const problem = `training job: ${status.error ?? status.state}`;
    if (!status.retryable || run.attempt + 1 >= MAX_ATTEMPTS) return move('done', { outcome: 'failed', reason: problem });
    return again({ attempt: run.attempt + 1, job: { ...job, train: null } });
  }
  const { result, predictions, adapter, baseDigest } = await parts.training.results(job.train);
  if (adapter === null) return move('done', { outcome: 'failed', reason: 'the training job left no adapter' });
  const challenger = await parts.registry.registerAdapter({ model: run.model, runId: run.id, files: adapter, labels: manifest.labels, baseSha256: baseDigest });
  tellDone(context, result);
  const digest = await putLines(parts.objects, predictions);
  return move('evaluate', { challenger: challenger.id, job: { ...job, result, predictions: digest } }, { challenger: challenger.id, seconds: result.seconds, loss: result.finalLoss });
}
