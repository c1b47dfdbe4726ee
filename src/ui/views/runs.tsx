/** A model's runs, and every reason to retrain with what became of it. */
import type { Run, Trigger } from '../../http/api.ts';
import { at, query } from '../lib/api.ts';
import { duration, moment } from '../lib/format.ts';
import { useListOf } from '../lib/use.ts';
import { Empty, Link, Section, State, type Standing } from '../parts/basics.tsx';
import { Listed } from '../parts/listed.tsx';
import type { OfModel } from '../lib/of-model.ts';

export function RunsView({ model: { name, spec } }: OfModel) {
  const runs = useListOf<Run>(name, 'run:state', `/v1/runs${query({ model: name, limit: 100 })}`);
  const triggers = useListOf<Trigger>(name, 'trigger:decided', `${at('/v1/models', name, 'triggers')}${query({ limit: 100 })}`);
  return (
    <>
      <Section title="Runs">
        <Listed of={runs} what="runs" caption="Runs, newest first" head={['Run', 'How it stands', 'Began', 'Took', 'Why it ended so']} row={runRow} empty={<NoRun needed={spec.retrain.minLabels} />} />
      </Section>
      <Section title="Reasons to retrain">
        <Listed of={triggers} what="reasons" caption="Reasons to retrain, newest first" head={['When', 'Reason', 'Decision', 'Why']} row={triggerRow} empty={<Empty title="No reason has come up yet." />} />
      </Section>
    </>
  );
}

function NoRun({ needed }: { needed: number }) {
  return <Empty title="No run yet."><p>One begins by itself from {needed} labelled rows on; “Retrain” above begins one now.</p></Empty>;
}

export function standingOf({ state, outcome, rollout }: Pick<Run, 'state' | 'outcome' | 'rollout'>): { is: Standing; text: string } {
  if (state !== 'done') return { is: 'busy', text: rollout?.waiting === 'approval' ? 'waits for approval' : state };
  if (outcome === 'promoted') return { is: 'good', text: 'promoted' };
  return { is: outcome === 'failed' || outcome === 'rolled-back' ? 'bad' : 'quiet', text: outcome ?? 'done' };
}

function runRow(run: Run) {
  const { is, text } = standingOf(run);
  const end = run.finishedAt ?? run.updatedAt;
  return {
    key: run.id,
    cells: [
      <Link to={{ view: 'run', id: run.id }}>Run {run.number}</Link>,
      <State is={is}>{text}</State>,
      <span class="nowrap">{moment(run.createdAt)}</span>,
      <span class="nowrap">{duration(new Date(end).getTime() - new Date(run.createdAt).getTime())}</span>,
      <span class="small">{run.reason ?? '–'}</span>,
    ],
  };
}

function triggerRow({ id, createdAt, reason, decision, why, runId }: Trigger) {
  return { key: id, cells: [<span class="nowrap">{moment(createdAt)}</span>, reason, <>{decision}{runId === null ? null : <> · <Link to={{ view: 'run', id: runId }}>run</Link></>}</>, <span class="small">{why}</span>] };
}
