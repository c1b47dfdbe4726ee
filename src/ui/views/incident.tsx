/** One incident: what it calls for, what rose, by how much, what the alarm promises, what moved, and the predictions that it is about. */
import type { Incident } from '../../http/api.ts';
import { at, post } from '../lib/api.ts';
import { count, figure, moment, percent, points } from '../lib/format.ts';
import { isMuted } from '../lib/incident.ts';
import { useLoad, useNow } from '../lib/use.ts';
import { Action } from '../parts/action.tsx';
import { Facts, Head, Section, Show, State, Table } from '../parts/basics.tsx';
import { Alarms, Findings } from '../parts/incident-findings.tsx';
import { IncidentReplay } from '../parts/incident-replay.tsx';
import { Interval } from '../parts/interval.tsx';
import { Level } from '../parts/level.tsx';
import { Mute, Unmute } from '../parts/mute.tsx';
import { Samples } from '../parts/samples.tsx';

export function IncidentView({ id }: { id: string }) {
  const incident = useLoad<Incident>(at('/v1/incidents', id), (event) => event.data['incident'] === id);
  return <Show of={incident} what="the incident">{(found) => <Whole incident={found} reload={incident.reload} />}</Show>;
}

function Whole({ incident, reload }: { incident: Incident; reload: () => void }) {
  const { evidence } = incident;
  return (
    <>
      <IncidentHead incident={incident} reload={reload} />
      <Why level={evidence.level} />
      <Section title="Effect">
        <div class="panel padded section">
          <Interval low={evidence.interval[0]} high={evidence.interval[1]} at={evidence.effect} scale={scaleOf(incident)} zero limit={evidence.tolerance} label={`${points(evidence.effect)} points, between ${points(evidence.interval[0])} and ${points(evidence.interval[1])}; tolerance ${points(evidence.tolerance)}`} />
          <Facts of={[
            ['rise', `${points(evidence.effect)} points`, true], ['its 95 % interval', `${points(evidence.interval[0])} to ${points(evidence.interval[1])}`, true], ['tolerance', `${points(evidence.tolerance)} points`, true],
            ['in the window', percent(evidence.mean)], ['in the reference', percent(evidence.referenceMean)], ['rows', count(evidence.n)], ['panes', `${evidence.panes[0]}–${evidence.panes[1]}`],
            ['evidence', `${figure(evidence.eValue)}, alarms at ${figure(evidence.threshold)}`], ['alarms', count(incident.alarms)], ...(evidence.stream === null ? [] : [['rose most', evidence.stream] as const]),
          ]} />
          <p class="hint">The promise behind it: {evidence.guarantee}.</p>
        </div>
      </Section>
      {evidence.top === undefined ? null : (
        <Section title="What rose most">
          <div class="panel"><Table caption="Labels that rose most" head={['Label', { text: 'Reference', number: true }, { text: 'Window', number: true }]} rows={evidence.top.map(({ label, share, referenceShare }) => ({ key: label, cells: [label, percent(referenceShare), percent(share)] }))} /></div>
        </Section>
      )}
      <Alarms incident={incident} />
      <Findings incident={incident} />
      <IncidentReplay id={incident.id} />
      <Section title="Predictions that it is about"><Samples model={incident.model} ids={evidence.sampleIds} /></Section>
    </>
  );
}

function Why({ level: { level, because, rule } }: { level: Incident['evidence']['level'] }) {
  return (
    <div class="section">
      <p><b>{level}</b>: {because}</p>
      {rule === '' ? null : <details><summary>What levels mean</summary><p class="hint">{rule}</p></details>}
    </div>
  );
}

function scaleOf({ evidence }: Incident): readonly [number, number] {
  const widest = Math.max(evidence.tolerance, ...evidence.interval.map(Math.abs)) * 1.15;
  return [-widest, widest];
}

function IncidentHead({ incident, reload }: { incident: Incident; reload: () => void }) {
  const { id, state, acknowledgedBy, acknowledgedAt, resolvedAt, mutedUntil, mutedBy, muteReason, evidence } = incident;
  const muted = isMuted(incident, useNow());
  return (
    <Head
      crumbs={[{ to: { view: 'fleet' }, text: 'Fleet' }, { to: { view: 'model', model: incident.model, part: 'course' }, text: incident.model }]}
      title={`${incident.monitor} has drifted`}
      actions={state === 'resolved' ? undefined : (
        <>
          {state === 'open' ? <Action primary label="Acknowledge …" title="You have seen this incident" act={(reason) => post(at('/v1/incidents', id, 'acknowledge'), { reason })} onDone={reload}>It stays latched and starts no further retraining by itself; the monitor goes on.</Action> : null}
          {muted ? <Unmute incident={incident} onDone={reload} /> : <Mute incident={incident} onDone={reload} />}
          <Action label="Resolve …" title="Resolve this incident" act={(reason) => post(at('/v1/incidents', id, 'resolve'), { reason })} onDone={reload}>The monitor can then alarm anew. A promotion resolves it by itself.</Action>
        </>
      )}
    >
      <p><State is={state === 'open' ? 'bad' : state === 'resolved' ? 'quiet' : 'busy'}>{state}</State> <Level of={incident.level} muted={muted} /> <span class="muted">since {moment(incident.openedAt)}, under <span class="mono">{incident.adapter}</span></span></p>
      {acknowledgedAt === null ? null : <p class="small muted">Seen by {acknowledgedBy}, {moment(acknowledgedAt)}</p>}
      {muted ? <p class="small muted">Muted until {moment(mutedUntil)} by {mutedBy}: {muteReason}</p> : null}
      {resolvedAt === null ? null : <p class="small muted">Resolved {moment(resolvedAt)}{evidence.resolution === undefined ? '' : ` by ${evidence.resolution.by}: ${evidence.resolution.reason}`}</p>}
    </Head>
  );
}
