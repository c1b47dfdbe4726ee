/** A run: where it is, what its training did, how the exam came out and why, and what it cost. */
import type { DecisionRecordView, Run, RunCourse } from '../../http/api.ts';
import { at, post, query } from '../lib/api.ts';
import { duration, moment } from '../lib/format.ts';
import type { LiveEvent } from '../lib/live.ts';
import { useLoad, useNow } from '../lib/use.ts';
import { RUN_STATES } from '../../vocabulary.ts';
import { Action } from '../parts/action.tsx';
import { Head, Link, Show, State } from '../parts/basics.tsx';
import { CostSection } from '../parts/cost.tsx';
import { ExamSection } from '../parts/exam.tsx';
import { GatesSection } from '../parts/gates.tsx';
import { TrainingSection } from '../parts/training.tsx';
import { standingOf } from './runs.tsx';

export function RunView({ id, kind }: { id: string; kind: string | undefined }) {
  const mine = (event: LiveEvent) => event.data['run'] === id;
  const run = useLoad<Run>(at('/v1/runs', id), mine);
  const course = useLoad<RunCourse>(at('/v1/runs', id, 'course'), mine);
  return (
    <Show of={run} what="the run">
      {(found) => (
        <>
          <RunHead run={found} course={course.data} onDone={run.reload} />
          <Stages run={found} course={course.data} />
          {found.evaluation === null ? null : <GatesSection evaluation={found.evaluation} />}
          {found.evaluation === null ? null : <ExamSection run={id} kind={kind} />}
          <Show of={course} what="its course">{(whole) => <><TrainingSection course={whole} /><CostSection course={whole} /></>}</Show>
        </>
      )}
    </Show>
  );
}

function RunHead({ run, course, onDone }: { run: Run; course: RunCourse | null; onDone: () => void }) {
  const { is, text } = standingOf(run);
  const waits = run.state === 'rollout' && run.rollout?.waiting === 'approval';
  const model = { view: 'model', model: run.model } as const;
  return (
    <Head
      crumbs={[{ to: { view: 'fleet' }, text: 'Fleet' }, { to: { ...model, part: 'course' }, text: run.model }, { to: { ...model, part: 'runs' }, text: 'Runs' }]}
      title={`Run ${run.number} of ${run.model}`}
      actions={
        <>
          {waits ? <Action primary label="Approve …" title="Let the challenger go live" act={(reason) => post(at('/v1/runs', run.id, 'approve'), { reason })} onDone={onDone}><span class="mono">{run.challenger}</span> goes live, is watched, and is taken back if it proves worse.</Action> : null}
          {run.state !== 'done' && run.state !== 'watch' ? <Action label="Cancel …" title="Stop this run" act={(reason) => post(at('/v1/runs', run.id, 'cancel'), { reason })} onDone={onDone}>Its jobs are stopped; what is live stays live. The labelled rows are there for the next run.</Action> : null}
        </>
      }
    >
      <p><State is={is}>{text}</State>{run.reason === null || run.reason === run.evaluation?.reason ? null : <span class="muted"> {run.reason}</span>}</p>
      {course?.trigger ? <p class="small muted">Began for {course.trigger.reason}: {course.trigger.why}</p> : null}
      <RunLinks run={run} />
    </Head>
  );
}

function RunLinks({ run }: { run: Run }) {
  const records = useLoad<readonly DecisionRecordView[]>(`${at('/v1/models', run.model, 'records')}${query({ limit: 100 })}`, (event) => event.data['run'] === run.id);
  const mine = (records.data ?? []).filter(({ runId }) => runId === run.id);
  return (
    <p class="small">
      {run.dataset === null ? null : <><Link to={{ view: 'dataset', id: run.dataset }}>Dataset</Link> </>}
      {mine.map(({ id, kind }) => <span key={id}> · <Link to={{ view: 'record', id }}>Record of the {kind}</Link></span>)}
    </p>
  );
}

const NAMES = { collect: 'Collect', train: 'Train', evaluate: 'Evaluate', rollout: 'Roll out', watch: 'Watch', done: 'Done' } as const;

/** The stages in order, each with its time; a progress bar where its job says how far it is. */
function Stages({ run, course }: { run: Run; course: RunCourse | null }) {
  const now = useNow(1_000);
  const steps = course?.steps ?? [];
  const reached = new Map(steps.map((step) => [step.state, step]));
  const shown = RUN_STATES.filter((state) => run.state !== 'done' || reached.has(state));
  return (
    <ol class="stages" aria-label="Stages">
      {shown.map((state) => {
        const step = reached.get(state);
        const next = steps[steps.findIndex((each) => each.state === state) + 1];
        const is = step === undefined ? 'later' : state === run.state && state !== 'done' ? 'now' : 'done';
        const end = next === undefined ? now : new Date(next.at).getTime();
        const progress = course?.progress.filter((point) => point.state === state).at(-1);
        return (
          <li key={state} data-stage={is} aria-current={is === 'now' ? 'step' : undefined}>
            <b>{NAMES[state]}</b>
            {step === undefined ? 'not yet' : state === 'done' ? moment(step.at) : is === 'now' ? 'under way' : duration(end - new Date(step.at).getTime())}
            {is === 'now' && progress !== undefined ? <progress value={progress.step} max={progress.steps} aria-label={`${NAMES[state]}: step ${progress.step} of ${progress.steps}`} /> : null}
          </li>
        );
      })}
    </ol>
  );
}
