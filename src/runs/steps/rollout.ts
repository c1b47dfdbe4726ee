/** rollout: preflight on the serving target, then the swap of what is live, then the watch. */
import type { ExamQuestionRow } from '../../datasets/index.ts';
import { isTrimtabError } from '../../errors.ts';
import { buildReference, encodeReference, type ScoredRow } from '../../profile/index.ts';
import { milliseconds, partingOf, rulesOf } from '../../spec.ts';
import { binScores } from '../../statistics/confidence-bins.ts';
import { getLines } from '../../store/objects/index.ts';
import { featuresOf, type PredictionFeatures } from '../../store/features.ts';
import { tellingPart } from '../../tasks/index.ts';
import type { PromoteRequest } from '../../promotion/registry.ts';
import type { JobPrediction, TrainRow } from '../../training/job.ts';
import type { RunContext } from '../context.ts';
import { manifestOf } from '../manifest.ts';
import { again, evaluationOf, jobOf, move, REST, rolloutOf, type Step } from '../state.ts';

export async function rollout(context: RunContext): Promise<Step> {
  const { parts, run, spec } = context;
  const state = rolloutOf(run);
  if (spec.rollout.approve === 'manual' && state.approvedBy === null) {
    return state.waiting === 'approval' ? REST : again({ rollout: { ...state, waiting: 'approval' } });
  }
  const challenger = run.challenger as string;
  const { basis, reason } = evaluationOf(run);
  await parts.target.ensureLoaded(challenger);
  await parts.target.probe(challenger);
  try {
    const promotion = await parts.registry.promote({
      model: run.model,
      adapter: challenger,
      ...(await referenceOf(context)),
      expectedSeq: basis.liveSeq,
      runId: run.id,
      reason,
      by: state.approvedBy ?? 'trimtab',
    });
    parts.events.emit('target:confirmed', { model: run.model, adapter: challenger });
    const promotedAt = promotion.at.toISOString();
    const patch = { rollout: { ...state, waiting: null, promotedAt, previous: promotion.previous, seq: promotion.seq } };
    const until = new Date(promotion.at.getTime() + milliseconds(spec.rollout.watch)).toISOString();
    // a first adapter has no predecessor that could be better
    if (promotion.previous === null) return move('done', { ...patch, outcome: 'promoted', reason });
    return move('watch', { ...patch, reason, watch: { since: promotedAt, until, progress: null } }, { adapter: challenger });
  } catch (error) {
    // the champion that was beaten is no longer the champion: the exam says nothing about the new one
    if (isTrimtabError(error, 'conflict')) return move('done', { outcome: 'cancelled', reason: `not promoted: ${error.message}` });
    throw error;
  }
}

/** The reference that drift is measured against from now on, and what its confidences are worth: the current exam rows as the challenger answered them. */
async function referenceOf(context: RunContext): Promise<Pick<PromoteRequest, 'referenceBody' | 'calibration'>> {
  const { parts, run, spec } = context;
  const manifest = await manifestOf(context);
  const exam = await getLines<ExamQuestionRow>(parts.objects, manifest.exam);
  const predictions = new Map((await getLines<JobPrediction>(parts.objects, jobOf(run).predictions as string)).map((p) => [p.id, p]));
  const train = await getLines<TrainRow>(parts.objects, manifest.train);
  const rules = rulesOf(spec);
  const { metric } = spec.gates;
  const current = exam.filter((row) => row.window);
  const known = await featuresOf(parts.pool, run.model, current.map((row) => row.id));
  const rows = current.flatMap(({ id, text, label: truth }) => {
    const prediction = predictions.get(id);
    if (prediction === undefined) return [];
    const { label: answer, confidence } = prediction;
    return [{
      id, text: tellingPart(text), label: rules.labelsIn(answer), trueLabel: rules.labelsIn(truth), confidence,
      score: rules.score(truth, answer, metric), malformed: rules.isMalformed(answer, metric),
      output: rules.answerField === 'output' ? answer : null,
      ...whereFrom(known.get(id)),
    }];
  });
  const referenceBody = encodeReference(buildReference({
    model: run.model,
    adapter: run.challenger as string,
    scoring: { task: rules.task, labelling: rules.labelling, metric },
    createdAt: run.createdAt.toISOString(),
    parting: partingOf(spec),
    trainTexts: train.map((row) => tellingPart(row.text)),
    rows,
  }));
  return { referenceBody, calibration: { metric, bins: binScores(rows) } };
}

/** What is known of a row that feedback made of a prediction; nothing of one that was imported. */
function whereFrom(prediction: PredictionFeatures | undefined): Pick<ScoredRow, 'features' | 'segment' | 'at'> {
  if (prediction === undefined) return {};
  const { features, segment, at } = prediction;
  return { features, segment, at: at.getTime() };
}
