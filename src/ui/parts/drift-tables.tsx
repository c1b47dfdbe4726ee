/** How far the traffic is from the reference: the monitors, which decide, and the columns of the last day, which explain. */
import type { DriftReport } from '../../http/api.ts';
import { count, figure, moment, percent, points, range } from '../lib/format.ts';
import { Empty, Link, Section, State, Table, type Standing } from './basics.tsx';
import { Interval } from './interval.tsx';
import { Value } from './value.tsx';

type Monitor = DriftReport['monitors'][number];
type Window = NonNullable<DriftReport['window']>;

export function DriftTables({ report, model }: { report: DriftReport; model: string }) {
  if (report.live === null) {
    return <Section title="Reference against window"><Empty title="Nothing is live yet, so there is no reference to measure against."><p>Import labelled rows: from the number that the spec asks for on, a <Link to={{ view: 'model', model, part: 'runs' }}>run</Link> begins by itself, and its adapter goes live if it beats guessing.</p></Empty></Section>;
  }
  const widest = Math.max(0.02, ...report.monitors.flatMap(({ effect, tolerance }) => (effect === null ? [tolerance] : [tolerance, ...effect.interval.map(Math.abs)])));
  return (
    <>
      <Section title="Monitors" end={<span class="small muted">{count(report.referenceRows)} reference rows · pane {report.openPane.pane} open since {moment(report.openPane.openedAt)}</span>}>
        <div class="panel">
          <Table
            caption="Monitors against the reference"
            head={['Monitor', 'Verdict', { text: 'Reference', number: true }, { text: 'Now', number: true }, 'Rise and tolerance', 'Evidence']}
            rows={report.monitors.map((monitor) => ({ key: monitor.monitor, cells: cellsOf(monitor, widest) }))}
          />
        </div>
        <p class="hint">The rise is of the loss, the doubt, the gap between what confidences promise and what comes (calibration), or the share that a monitor watches, in points with its 95 % interval; the dashed line is what is still on course. Evidence counts from the last alarm or promotion on, and alarms at the threshold.</p>
      </Section>
      {report.window === null ? null : <Columns window={report.window} />}
      {report.assumptions === null ? null : <Assumptions of={report.assumptions} />}
    </>
  );
}

function standingOf({ verdict, value, threshold }: Monitor): Standing {
  if (verdict === 'drifting' || value >= threshold) return 'bad';
  return value * 10 >= threshold ? 'busy' : 'quiet';
}

function cellsOf(monitor: Monitor, widest: number) {
  const { monitor: name, value, threshold, tolerance, idle, verdict, effect } = monitor;
  const head = [<b>{name}</b>, <State wrap is={standingOf(monitor)}><span>{idle === null ? verdict : 'cannot watch'}</span></State>];
  const evidence = <>{figure(value)}<div class="small muted nowrap">alarms at {figure(threshold)}</div></>;
  if (idle !== null || effect === null) return [...head, '–', '–', <span class="muted">{idle ?? 'no row since the last alarm or promotion'}</span>, idle === null ? evidence : '–'];
  const where = [effect.stream, effect.segment === null ? null : `segment ${effect.segment}`].filter((each) => each !== null).join(', ');
  return [
    ...head,
    percent(effect.referenceMean),
    percent(effect.mean),
    <>
      <Interval low={effect.interval[0]} high={effect.interval[1]} at={effect.effect} scale={[-widest, widest]} zero limit={tolerance} label={`${points(effect.effect)} points, between ${points(effect.interval[0])} and ${points(effect.interval[1])}; tolerance ${points(tolerance)}`} />
      <div class="small muted">{where === '' ? '' : `${where}: `}{points(effect.effect)} points ({range(effect.interval)}), tolerance {points(tolerance)}; {count(effect.n)} rows in panes {effect.panes[0]}–{effect.panes[1]}</div>
    </>,
    evidence,
  ];
}

function Columns({ window }: { window: Window }) {
  return (
    <Section title="Reference against window" end={<span class="small muted">{count(window.rows)} rows in panes {window.panes[0]}–{window.panes[1]}</span>}>
      <div class="panel">
        <Table
          caption="Columns of the last day against the reference"
          head={['Column', 'Differs', { text: 'Reference', number: true }, { text: 'Window', number: true }, { text: 'Missing', number: true }, 'Tests: effect with its interval, and p']}
          rows={window.columns.map((column) => ({
            key: `${column.column} ${column.kind}`,
            cells: [
              <><b>{column.column}</b><div class="small muted">{column.kind}{column.bySeason === null ? '' : `, by season: ${count(column.bySeason.reference)} and ${count(column.bySeason.current)} rows`}</div></>,
              <State is={column.differs ? 'busy' : 'quiet'}>{column.differs ? 'yes' : 'no'}</State>,
              count(column.reference), count(column.current), <>{percent(column.missing[0])} → {percent(column.missing[1])}</>,
              <Tests of={column.tests} />,
            ],
          }))}
          empty={<Empty title="No column has rows on both sides yet." />}
        />
      </div>
      <p class="hint">These tests explain and decide nothing. {window.guarantee[0]?.toUpperCase()}{window.guarantee.slice(1)}.</p>
    </Section>
  );
}

type Test = Window['columns'][number]['tests'][number];

/** The first test is the one that decides whether a column differs; the others are for who knows them. */
function Tests({ of: [first, ...others] }: { of: readonly Test[] }) {
  if (first === undefined) return <>–</>;
  return (
    <div class="small">
      <OneTest of={first} />
      {others.length === 0 ? null : <details><summary>{others.length} more</summary><ul>{others.map((test) => <li key={test.test}><OneTest of={test} /></li>)}</ul></details>}
    </div>
  );
}

function OneTest({ of: { test, effect, interval, p, guarantee } }: { of: Test }) {
  return <>{test} <b>{figure(effect)}</b> <span class="muted">({figure(interval[0])} to {figure(interval[1])}){p === null ? '' : `, p ${p < 1e-4 ? p.toExponential(0) : p.toFixed(4)}`}{guarantee === 'none' ? '' : `, ${guarantee}`}</span></>;
}

function Assumptions({ of }: { of: NonNullable<DriftReport['assumptions']> }) {
  if (of.autocorrelation === null && of.rhythms.length === 0) return null;
  return (
    <details>
      <summary>What the promise rests on</summary>
      <dl class="facts">
        {of.autocorrelation === null ? null : <div><dt>autocorrelation of the error from pane to pane</dt><dd><Value of={of.autocorrelation.value} /> <span class="muted small">(chance alone: {figure(of.autocorrelation.noise)})</span></dd></div>}
        {of.rhythms.map((rhythm) => <div key={`${rhythm.of} ${rhythm.seasonKey}`}><dt>{rhythm.of} goes by {rhythm.seasonKey}</dt><dd>{rhythm.suggestion}</dd></div>)}
      </dl>
    </details>
  );
}
