/** How far the traffic is from the reference: the monitors, and whatever else the report holds. */
import type { DriftReport } from '../../http/api.ts';
import { count, figure, moment, percent, points, range } from '../lib/format.ts';
import { Empty, Link, Section, State, Table } from './basics.tsx';
import { Interval } from './interval.tsx';

type Monitor = DriftReport['monitors'][number];

export function DriftTables({ report, model }: { report: DriftReport; model: string }) {
  if (report.live === null) {
    return <Section title="Reference against window"><Empty title="Nothing is live yet, so there is no reference to measure against."><p>Import labelled rows: from the number that the spec asks for on, a <Link to={{ view: 'model', model, part: 'runs' }}>run</Link> begins by itself, and its adapter goes live if it beats guessing.</p></Empty></Section>;
  }
  const widest = Math.max(0.02, ...report.monitors.flatMap(({ effect, tolerance }) => (effect === null ? [tolerance] : [tolerance, ...effect.interval.map(Math.abs)])));
  return (
    <Section title="Reference against window" end={<span class="small muted">{count(report.referenceRows)} reference rows · pane {report.openPane.pane} open since {moment(report.openPane.openedAt)}</span>}>
      <div class="panel">
        <Table
          caption="Monitors against the reference"
          head={['Monitor', { text: 'Reference', number: true }, { text: 'Window', number: true }, 'Difference, with its interval and the tolerance', 'Evidence']}
          rows={report.monitors.map((monitor) => ({ key: monitor.monitor, cells: cellsOf(monitor, widest) }))}
        />
      </div>
    </Section>
  );
}

function cellsOf({ monitor, value, threshold, tolerance, idle, effect }: Monitor, widest: number) {
  if (idle !== null || effect === null) return [<b>{monitor}</b>, '–', '–', <span class="muted">{idle ?? 'no row has come yet'}</span>, '–'];
  return [
    <><b>{monitor}</b>{effect.stream === null ? null : <div class="small muted">{effect.stream}</div>}</>,
    percent(effect.referenceMean),
    percent(effect.mean),
    <>
      <Interval low={effect.interval[0]} high={effect.interval[1]} at={effect.effect} scale={[-widest, widest]} zero limit={tolerance} label={`${points(effect.effect)} points, between ${points(effect.interval[0])} and ${points(effect.interval[1])}; tolerance ${points(tolerance)}`} />
      <div class="small muted">{points(effect.effect)} points ({range(effect.interval)}), tolerance {points(tolerance)}; {count(effect.n)} rows in panes {effect.panes[0]}–{effect.panes[1]}</div>
    </>,
    <><State is={value >= threshold ? 'bad' : value * 10 >= threshold ? 'busy' : 'quiet'}>{figure(value)}</State><div class="small muted nowrap">alarms at {figure(threshold)}</div></>,
  ];
}
