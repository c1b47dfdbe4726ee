/** How a model stands, in a line: what is live and how good it is, what goes on, and what comes next. */
import type { FleetRow } from '../../http/api.ts';
import { ago, moment } from '../lib/format.ts';
import { runText } from '../lib/standing.ts';
import { Facts, Link } from './basics.tsx';
import { Quality } from './quality.tsx';

export function Glance({ row: { live, quality, metric, run, nextSchedule }, now }: { row: FleetRow; now: number }) {
  return (
    <Facts of={[
      ['quality', <Quality quality={quality} metric={metric} />],
      ['live adapter', live === null ? <span class="muted">none</span> : <>v{live.version} <span class="small muted">since {ago(live.since, now).replace(' ago', '')}</span><div class="small mono muted">{live.adapter.slice(-8)}</div></>],
      ['run', run === null ? <span class="muted">none</span> : <Link to={{ view: 'run', id: run.id }}>{runText(run)}</Link>],
      ['next schedule', nextSchedule === null ? <span class="muted">none</span> : <>{ago(nextSchedule, now)}<div class="small muted">{moment(nextSchedule)}</div></>],
    ]} />
  );
}
