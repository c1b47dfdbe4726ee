/** watch: the adapter that was live before answers the same labelled rows; if it proves better, it comes back. */
import { watchStep } from '../../promotion/watch.ts';
import { rulesOf } from '../../spec.ts';
import type { RunContext } from '../context.ts';
import { again, move, REST, rolloutOf, watchOf, type Step } from '../state.ts';

export async function watch(context: RunContext): Promise<Step> {
  const { parts, run, spec } = context;
  const { previous, seq } = rolloutOf(run);
  const watching = watchOf(run);
  const live = await parts.registry.live(run.model);
  if (live?.seq !== seq) {
    return move('done', { outcome: live?.adapter === previous ? 'rolled-back' : 'promoted', reason: `the watch ended when ${live?.adapter ?? 'nothing'} went live` });
  }
  const progress = await watchStep(parts, {
    run: run.id,
    model: run.model,
    challenger: run.challenger as string,
    previous: previous as string,
    since: new Date(watching.since),
    alpha: spec.gates.alpha,
    rules: rulesOf(spec),
    metric: spec.gates.metric,
    state: watching.progress,
  });
  const watched = { ...watching, progress };
  const numbers = `${progress.n} labelled rows: better on ${progress.better}, worse on ${progress.worse}, e-value ${progress.eValue.toFixed(2)}`;
  if (progress.decided === 'worse') {
    const reason = `worse than ${previous} in production (${numbers})`;
    await parts.registry.rollback({ model: run.model, expectedSeq: seq as number, runId: run.id, reason, by: 'trimtab' });
    return move('done', { watch: watched, outcome: 'rolled-back', reason });
  }
  if (parts.clock.now() >= new Date(watching.until)) return move('done', { watch: watched, outcome: 'promoted', reason: `watched to the end (${numbers})` });
  return progress.n === (watching.progress?.n ?? 0) ? REST : again({ watch: watched });
}
