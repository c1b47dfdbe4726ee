/** The fleet: one row a model. */
import type { FleetRow } from '../../http/api.ts';
import { ago, moment } from '../lib/format.ts';
import { isMuted } from '../lib/incident.ts';
import { runText, standOf } from '../lib/standing.ts';
import { useLoad, useNow } from '../lib/use.ts';
import { Empty, Head, Link, State } from '../parts/basics.tsx';
import { Level } from '../parts/level.tsx';
import { Listed } from '../parts/listed.tsx';
import { Quality } from '../parts/quality.tsx';

const HEAD = ['Model', 'State', 'Quality', 'Live adapter', 'Run', 'Next schedule'];

export function FleetView() {
  const fleet = useLoad<readonly FleetRow[]>('/v1/fleet', () => true);
  const now = useNow();
  return (
    <>
      <Head title="Fleet"><p class="muted">{fleet.data === null ? ' ' : summary(fleet.data, now)}</p></Head>
      <Listed of={{ ...fleet, data: fleet.data === null ? null : sorted(fleet.data, now) }} what="the fleet" caption="All models" head={HEAD} row={(row) => ({ key: row.model, cells: cellsOf(row, now) })} empty={<NoModel />} />
    </>
  );
}

/** What needs somebody comes first. */
function sorted(rows: readonly FleetRow[], now: number): FleetRow[] {
  const order = { bad: 0, busy: 1, quiet: 2, good: 3 } as const;
  return [...rows].sort((a, b) => order[standOf(a, now).is] - order[standOf(b, now).is] || (a.model < b.model ? -1 : 1));
}

function summary(rows: readonly FleetRow[], now: number): string {
  const alarmed = rows.filter((row) => standOf(row, now).is === 'bad').length;
  const running = rows.filter(({ run }) => run !== null && run.state !== 'watch').length;
  const models = `${rows.length} ${rows.length === 1 ? 'model' : 'models'}`;
  return `${models}, ${alarmed === 0 ? 'no alarm' : `${alarmed} with alarms`}${running === 0 ? '' : `, ${running} with a run under way`}.`;
}

function cellsOf(row: FleetRow, now: number) {
  const stand = standOf(row, now);
  return [
    <><Link to={{ view: 'model', model: row.model, part: 'course' }}><b>{row.model}</b></Link><div class="small muted">{row.task}</div></>,
    <><State is={stand.is}>{stand.text}</State>{row.incidents.map((incident) => <p key={incident.id} class="small"><Link to={{ view: 'incident', id: incident.id }}>{incident.monitor}</Link> <Level of={incident.level} muted={isMuted(incident, now)} /> <span class="muted">{ago(incident.openedAt, now)}</span></p>)}</>,
    <Quality quality={row.quality} metric={row.metric} />,
    row.live === null ? <span class="muted">none</span> : <>v{row.live.version} <span class="small muted nowrap">since {ago(row.live.since, now).replace(' ago', '')}</span><div class="small mono muted">{row.live.adapter.slice(-8)}</div></>,
    row.run === null ? <span class="muted">none</span> : <Link to={{ view: 'run', id: row.run.id }}>{runText(row.run)}</Link>,
    row.nextSchedule === null ? <span class="muted">none</span> : <span title={moment(row.nextSchedule)}>{ago(row.nextSchedule, now)}<div class="small muted nowrap">{moment(row.nextSchedule)}</div></span>,
  ];
}

function NoModel() {
  return (
    <Empty title="No model is registered yet.">
      <p>Name, task and serving are enough to begin:</p>
      <pre>{`curl -X PUT ${location.origin}/v1/models/router -H 'content-type: application/json' \\\n  -d '{"name":"router","task":"classification","serving":{"target":"builtin"}}'`}</pre>
      <p>Then bring labelled rows. <code>npm run demo</code> shows all of it on rows that it makes itself.</p>
    </Empty>
  );
}
