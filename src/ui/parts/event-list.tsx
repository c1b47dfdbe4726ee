/** What happened in the stretch that is loaded, as a list: the marks of the charts in words. */
import type { Timeline } from '../../http/api.ts';
import { moment, points } from '../lib/format.ts';
import { isMuted } from '../lib/incident.ts';
import { useNow } from '../lib/use.ts';
import { Link, Table } from './basics.tsx';
import { Level } from './level.tsx';

interface Happened {
  readonly key: string;
  readonly at: string;
  readonly what: preact.ComponentChildren;
  readonly why: preact.ComponentChildren;
}

const SHOWN = 12;

export function EventList({ line }: { line: Timeline }) {
  const now = useNow();
  const all = [...incidentsOf(line, now), ...promotionsOf(line), ...runsOf(line)].sort((a, b) => (a.at < b.at ? 1 : -1));
  if (all.length === 0) return <p class="muted">Nothing happened in this stretch: no incident, no promotion, no run.</p>;
  const rows = (list: readonly Happened[]) => list.map(({ key, at, what, why }) => ({ key, cells: [<span class="nowrap">{moment(at)}</span>, what, why] }));
  return (
    <>
      <div class="panel"><Table caption="What happened" head={['When', 'What', 'Why']} rows={rows(all.slice(0, SHOWN))} /></div>
      {all.length <= SHOWN ? null : (
        <details><summary>{all.length - SHOWN} earlier</summary><div class="panel"><Table caption="What happened earlier" head={['When', 'What', 'Why']} rows={rows(all.slice(SHOWN))} /></div></details>
      )}
    </>
  );
}

function incidentsOf({ incidents }: Timeline, now: number): Happened[] {
  return incidents.map(({ id, monitor, level, effect, openedAt, state, mutedUntil }) => ({
    key: id, at: openedAt,
    what: <><span class="alarm" aria-hidden="true">◆</span> <Link to={{ view: 'incident', id }}>{monitor} has drifted</Link></>,
    why: <>{effect === null ? '' : `${points(effect)} points, `}{state} <Level of={level} muted={isMuted({ state, mutedUntil }, now)} /></>,
  }));
}

function promotionsOf({ promotions }: Timeline): Happened[] {
  return promotions.map(({ seq, kind, adapter, at, reason, by }) => ({
    key: `promotion ${seq}`, at,
    what: <>{kind === 'promotion' ? '● Promotion' : '◄ Rollback'} <span class="mono">{adapter.split('--').at(-1)}</span></>,
    why: <>{reason} <span class="muted">({by})</span></>,
  }));
}

function runsOf({ runs }: Timeline): Happened[] {
  return runs.map(({ id, number, createdAt, outcome, reason, state }) => ({
    key: id, at: createdAt,
    what: <Link to={{ view: 'run', id }}>Run {number}</Link>,
    // a promotion stands above with the same reason
    why: <>{outcome ?? state}{reason === null || outcome === 'promoted' ? '' : `: ${reason}`}</>,
  }));
}
