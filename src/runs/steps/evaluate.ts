/** evaluate: the champion sits the challenger's exam, the gates judge, and the decision goes on record. */
import type { DatasetManifest, ExamQuestionRow } from '../../datasets/index.ts';
import { markExam } from '../../evaluation/exam.ts';
import { getLines, putJson } from '../../store/objects/index.ts';
import type { JobPrediction } from '../../training/job.ts';
import type { Verdict } from '../../vocabulary.ts';
import type { RunContext } from '../context.ts';
import { follow } from '../follow.ts';
import { manifestOf } from '../manifest.ts';
import { again, jobOf, move, REST, type EvaluationState, type Step } from '../state.ts';

const OUTCOME = { reject: 'rejected', 'not-enough-evidence': 'not-enough-evidence' } as const satisfies Record<Exclude<Verdict, 'promote'>, string>;

export async function evaluate(context: RunContext): Promise<Step> {
  const { parts, run, spec } = context;
  const job = jobOf(run);
  const manifest = await manifestOf(context);
  const live = await parts.registry.live(run.model);
  if (live && (job.champion === null || run.champion !== live.adapter)) {
    const handle = await parts.training.launch({
      id: `${run.id}-champion-${live.seq}`,
      kind: 'predict',
      model: run.model,
      spec,
      base: parts.basePath(await parts.registry.baseOf(live.adapter)),
      labels: (await parts.registry.adapter(live.adapter)).labels,
      exam: manifest.exam,
      initial: await parts.registry.adapterFiles(live.adapter),
      seed: spec.training.seed,
      workers: parts.workers,
    });
    return again({ champion: live.adapter, job: { ...job, champion: handle } });
  }
  let championPredictions: readonly JobPrediction[] | null = null;
  if (live && job.champion) {
    const status = await follow(context, job.champion);
    if (status === null) return REST;
    if (status.state !== 'done') return move('done', { outcome: 'failed', reason: `the champion could not sit the exam: ${status.error ?? status.state}` });
    championPredictions = (await parts.training.results(job.champion)).predictions;
  }
  const state = await judged(context, manifest, live?.seq ?? null, championPredictions);
  const { verdict, reason } = state;
  if (verdict === 'promote') return move('rollout', { evaluation: state }, { verdict, reason });
  return move('done', { evaluation: state, outcome: OUTCOME[verdict], reason }, { verdict, reason });
}

async function judged(context: RunContext, manifest: DatasetManifest, liveSeq: number | null, championPredictions: readonly JobPrediction[] | null): Promise<EvaluationState> {
  const { parts, run, spec } = context;
  const exam = await getLines<ExamQuestionRow>(parts.objects, manifest.exam);
  const predictions = await getLines<JobPrediction>(parts.objects, jobOf(run).predictions as string);
  const challenger = markExam({ exam, predictions });
  const champion = championPredictions === null ? null : markExam({ exam, predictions: championPredictions });
  const { majority } = manifest;
  const basis = {
    liveSeq,
    majority,
    challengerSheet: await putJson(parts.objects, challenger),
    championSheet: champion === null ? null : await putJson(parts.objects, champion),
  };
  return { ...parts.judge({ spec: spec.gates, challenger, champion, majority }), basis };
}
