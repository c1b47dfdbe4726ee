/** evaluate: the champion sits the challenger's exam, the gates judge, and the decision goes on record. */
import type { DatasetManifest, ExamQuestionRow } from '../../datasets/index.ts';
import { markExam, type ExamSheet } from '../../evaluation/exam.ts';
import { rulesOf } from '../../spec.ts';
import { getLines, putJson } from '../../store/objects/index.ts';
import type { JobHandle } from '../../training/index.ts';
import type { JobPrediction } from '../../training/job.ts';
import type { Verdict } from '../../vocabulary.ts';
import type { RunContext } from '../context.ts';
import { follow, tellDone } from '../follow.ts';
import { manifestOf } from '../manifest.ts';
import { again, jobOf, move, REST, type EvaluationState, type Step } from '../state.ts';

const OUTCOME = { reject: 'rejected', 'not-enough-evidence': 'not-enough-evidence' } as const satisfies Record<Exclude<Verdict, 'promote'>, string>;
/** Stands in the place of a champion's name while there is none and the base sits the exam alone. */
const BASE = 'base';

export async function evaluate(context: RunContext): Promise<Step> {
  const { parts, run } = context;
  const job = jobOf(run);
  const manifest = await manifestOf(context);
  const live = await parts.registry.live(run.model);
  // without a trivial answer there is the base alone to beat
  const opponent = live?.adapter ?? (manifest.majority === null ? BASE : null);
  if (opponent !== null && (job.champion === null || (job.opponent ?? run.champion) !== opponent)) {
    const handle = await launch(context, manifest, live);
    return again({ ...(live ? { champion: live.adapter } : {}), job: { ...job, opponent, champion: handle } });
  }
  let other: readonly JobPrediction[] | null = null;
  if (opponent !== null && job.champion) {
    const status = await follow(context, job.champion);
    if (status === null) return REST;
    if (status.state !== 'done') return move('done', { outcome: 'failed', reason: `the ${live ? 'champion' : 'base'} could not sit the exam: ${status.error ?? status.state}` });
    const { predictions, result } = await parts.training.results(job.champion);
    tellDone(context, result);
    other = predictions;
  }
  const state = await judged(context, manifest, live?.seq ?? null, other);
  const { verdict, reason } = state;
  if (verdict === 'promote') return move('rollout', { evaluation: state }, { verdict, reason });
  return move('done', { evaluation: state, outcome: OUTCOME[verdict], reason }, { verdict, reason });
}

/** The exam for the champion; without one for the base alone. */
async function launch({ parts, run, spec }: RunContext, manifest: DatasetManifest, live: { readonly adapter: string; readonly seq: number } | null): Promise<JobHandle> {
  const common = { kind: 'predict', model: run.model, spec, exam: manifest.exam, seed: spec.training.seed, workers: parts.workers } as const;
  if (live === null) {
    return parts.training.launch({ ...common, id: `${run.id}-base`, base: parts.basePath(spec.base.model), labels: [], initial: null });
  }
  return parts.training.launch({
    ...common,
    id: `${run.id}-champion-${live.seq}`,
    base: parts.basePath((await parts.registry.trainedWith(live.adapter)).base),
    labels: (await parts.registry.adapter(live.adapter)).labels,
    initial: await parts.registry.adapterFiles(live.adapter),
  });
}

async function judged(context: RunContext, manifest: DatasetManifest, liveSeq: number | null, others: readonly JobPrediction[] | null): Promise<EvaluationState> {
  const { parts, run, spec } = context;
  const rules = rulesOf(spec);
  const exam = await getLines<ExamQuestionRow>(parts.objects, manifest.exam);
  const mark = (predictions: readonly JobPrediction[]) => markExam({ exam, predictions, rules, metric: spec.gates.metric });
  const challenger = mark(await getLines<JobPrediction>(parts.objects, jobOf(run).predictions as string));
  const other = others === null ? null : mark(others);
  const [champion, floor] = liveSeq === null ? [null, other] : [other, null];
  const stored = async (sheet: ExamSheet | null) => (sheet === null ? null : putJson(parts.objects, sheet));
  const { majority } = manifest;
  const basis = { liveSeq, majority, challengerSheet: await putJson(parts.objects, challenger), championSheet: await stored(champion), floorSheet: await stored(floor) };
  return { ...parts.judge({ spec: spec.gates, rules, challenger, champion, majority, floor }), basis };
}
