/** A model's course: quality, monitors and what happened on one axis, and how far its traffic is from the reference. */
import { useEffect, useMemo } from 'preact/hooks';
import type { DriftReport, Timeline } from '../../http/api.ts';
import { at, query as search } from '../lib/api.ts';
import { createAxis, moved, zoomed, type Axis, type Span } from '../lib/axis.ts';
import { figure, percent } from '../lib/format.ts';
import { LOOKS, type Line, type Mark, type Plotted } from '../lib/series.ts';
import { replaceQuery, useLoad, useNow } from '../lib/use.ts';
import { Empty, Section, Show } from '../parts/basics.tsx';
import { Chart } from '../parts/chart.tsx';
import { DriftTables } from '../parts/drift-tables.tsx';
import { EventList } from '../parts/event-list.tsx';
import { Glance } from '../parts/glance.tsx';
import { MovedTexts } from '../parts/moved-texts.tsx';
import { Performance } from '../parts/performance.tsx';
import type { OfModel } from '../lib/of-model.ts';

const LEAST_SECONDS = 60;
/** Points that are asked for at once: more than pixels. `points` in the URL asks for others. */
const [POINTS, MOST_POINTS] = [2_000, 100_000];
/** After the last move of the axis its place goes into the URL, and finer points are asked for. */
const SETTLE_MS = 250;

export function CourseView({ model: { name: model }, row, query }: OfModel) {
  const span = spanOf(query);
  const points = Math.min(MOST_POINTS, Math.max(1, Math.round(Number(query['points'])) || POINTS));
  const concerns = (event: { type: string; data: Readonly<Record<string, unknown>> }) => event.data['model'] === model && event.type !== 'job:progress';
  const whole = useLoad<Timeline>(`${at('/v1/models', model, 'timeline')}${search({ points })}`, concerns);
  const near = useLoad<Timeline>(span === null || whole.data === null || !isCoarse(whole.data) ? null : `${at('/v1/models', model, 'timeline')}${search({ since: iso(span.from), until: iso(span.to), points })}`, concerns);
  const drift = useLoad<DriftReport>(at('/v1/models', model, 'drift'), concerns);
  const now = useNow();
  return (
    <>
      {row === null ? null : <Glance row={row} now={now} />}
      <Show of={whole} what="the time line">
        {(line) => (line.rows.every((rows) => rows === 0) && line.promotions.length === 0 ? <NoPane /> : <TimeLine whole={line} near={near.data} span={span} />)}
      </Show>
      <Show of={drift} what="the drift report">{(report) => <DriftTables report={report} model={model} />}</Show>
      <Performance model={model} />
      <MovedTexts model={model} />
    </>
  );
}

function NoPane() {
  return (
    <Empty title="No prediction has come yet.">
      <p>The time line begins with the first predictions that the live adapter answers. Ask it with <code>POST /v1/models/…/predict</code>, or send what another system predicted to <code>POST /v1/predictions</code>; a pane closes after the time that the spec says (5 minutes by default).</p>
    </Empty>
  );
}

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const seconds = (time: string) => new Date(time).getTime() / 1000;
const isCoarse = (line: Timeline) => line.panes > line.at.length;

function spanOf({ from, to }: Readonly<Record<string, string>>): Span | null {
  const [start, end] = [seconds(from ?? ''), seconds(to ?? '')];
  return Number.isFinite(start) && Number.isFinite(end) && start < end ? { from: start, to: end } : null;
}

function TimeLine({ whole, near, span }: { whole: Timeline; near: Timeline | null; span: Span | null }) {
  const all = wholeOf(whole);
  const axis = useMemo(() => {
    const made = createAxis(all, LEAST_SECONDS);
    if (span !== null) made.show(span);
    return made;
  }, [whole.model]);
  useEffect(() => axis.extend(all), [all.from, all.to]);
  useSettled(axis);
  const line = near ?? whole;
  const quality = useMemo(() => qualityOf(line), [line]);
  const signals = useMemo(() => signalsOf(line), [line]);
  const monitors = useMemo(() => monitorsOf(line), [line]);
  return (
    <Section title="Over time" end={<Tools axis={axis} />}>
      <div class="panel padded section">
        <Chart title={`Quality (${line.metric})`} xTitle="Until" plotted={quality} axis={axis} height={220} bounds={[0, 1]} y={(value) => `${Math.round(100 * value)} %`} />
        {monitors.lines.length === 0 ? null : <Chart title="Monitors: evidence, as a share of the alarm's threshold" xTitle="Until" plotted={monitors} axis={axis} height={180} limit={1} y={String} />}
        <Chart title="Confidence and unseen text" xTitle="Until" plotted={signals} axis={axis} height={140} bounds={[0, 1]} y={(value) => `${Math.round(100 * value)} %`} />
        <p class="hint"><span class="alarm">◆</span> incident · ● promotion · ◄ rollback. Drag over a stretch to zoom into it, or turn the wheel with Ctrl or Shift held; arrow keys, + and − do the same for a chart that has the focus.</p>
      </div>
      <EventList line={line} />
    </Section>
  );
}

/** From the first thing that happened to the last, with a little room, so that neither is on the edge. */
function wholeOf({ from, to, at: times, promotions, incidents }: Timeline): Span {
  const marks = [...promotions.map(({ at: time }) => seconds(time)), ...incidents.map(({ openedAt }) => seconds(openedAt))].filter((each) => each >= seconds(from));
  const [first, last] = [Math.min(times[0] ?? seconds(from), ...marks), Math.max(times.at(-1) ?? seconds(to), ...marks)];
  const room = Math.max((last - first) * 0.02, LEAST_SECONDS);
  return { from: first - room, to: last + room };
}

/** Writes where the axis rests into the URL. */
function useSettled(axis: Axis): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = axis.subscribe(({ from, to }) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const everything = from === axis.whole.from && to === axis.whole.to;
        replaceQuery({ from: everything ? null : iso(from), to: everything ? null : iso(to) });
      }, SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [axis]);
}

const DAY = 86_400;

function Tools({ axis }: { axis: Axis }) {
  const last = (days: number) => axis.show({ from: axis.whole.to - days * DAY, to: axis.whole.to });
  const width = axis.whole.to - axis.whole.from;
  return (
    <div class="chart-tools" role="group" aria-label="Stretch of time that the charts show">
      {[1, 7, 30].filter((days) => days * DAY < width).map((days) => <button key={days} type="button" onClick={() => last(days)}>{days} d</button>)}
      <button type="button" onClick={() => axis.show(axis.whole)}>All</button>
      <button type="button" aria-label="Zoom in" onClick={() => axis.show(zoomed(axis.span, 0.5))}>+</button>
      <button type="button" aria-label="Zoom out" onClick={() => axis.show(zoomed(axis.span, 2))}>−</button>
      <button type="button" aria-label="Earlier" onClick={() => axis.show(moved(axis.span, -0.5))}>‹</button>
      <button type="button" aria-label="Later" onClick={() => axis.show(moved(axis.span, 0.5))}>›</button>
    </div>
  );
}

function marksOf({ incidents, promotions }: Timeline): Mark[] {
  return [
    ...incidents.map(({ openedAt, monitor }): Mark => ({ at: seconds(openedAt), kind: 'incident', label: monitor })),
    ...promotions.map(({ at: time, kind, adapter }): Mark => ({ at: seconds(time), kind, label: adapter })),
  ];
}

const asPercent = (value: number) => percent(value);

function qualityOf(line: Timeline): Plotted {
  return {
    x: line.at,
    lines: [
      { label: 'score', values: line.score, look: 'main', show: asPercent },
      { label: 'upper', values: line.high, look: 'edge', show: asPercent },
      { label: 'lower', values: line.low, look: 'edge', show: asPercent },
    ],
    band: [1, 2],
    marks: marksOf(line),
  };
}

function signalsOf(line: Timeline): Plotted {
  return {
    x: line.at,
    lines: [
      { label: 'confidence', values: line.confidence, look: 'main', show: asPercent },
      { label: 'unseen n-grams', values: line.unseen, look: 'third', show: asPercent },
    ],
    marks: marksOf(line),
  };
}

/** On a logarithmic scale nothing lies at 0, and how far beyond the threshold a monitor went says little: it alarmed. */
const [FLOOR, CEILING] = [1e-3, 100];

/** The four that went furthest, the furthest first; the table of monitors has all of them. */
function monitorsOf(line: Timeline): Plotted {
  const furthest = [...line.monitors].map((each) => ({ ...each, most: Math.max(...each.share.map((share) => share ?? 0)) })).sort((a, b) => b.most - a.most).slice(0, LOOKS.length);
  return {
    x: line.at,
    lines: furthest.map(({ monitor, share }, i): Line => ({ label: monitor, values: share.map((each) => (each === null ? null : Math.min(Math.max(each, FLOOR), CEILING))), look: LOOKS[i] ?? 'fourth', show: shareText })),
    marks: marksOf(line),
  };
}

function shareText(share: number): string {
  if (share <= FLOOR) return 'below 0.001';
  return share >= CEILING ? '100 or more' : figure(share);
}
