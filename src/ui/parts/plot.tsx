/** The drawing of a chart: uPlot on a shared axis, told what to draw anew at every move. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { moved, zoomed, type Axis, type Span } from '../lib/axis.ts';
import { colours, type Colours } from '../lib/colours.ts';
import { createSampler, firstAtLeast, type Sampler } from '../lib/downsample.ts';
import { onScheme } from '../lib/scheme.ts';
import { DASHES, type Line, type Mark, type Plotted } from '../lib/series.ts';

export interface PlotProps {
  readonly label: string;
  readonly plotted: Plotted;
  readonly axis: Axis;
  readonly height: number;
  /** Values of the y axis as its marks show them. */
  readonly y: (value: number) => string;
  /** Logarithmic, with a line where it alarms. */
  readonly limit?: number;
  /** Values that y never leaves. */
  readonly bounds?: readonly [number, number];
  /** x counts steps instead of time. */
  readonly steps?: boolean;
  /** Row of the data under the cursor; null when it has left. */
  readonly onHover?: (row: number | null) => void;
}

const SYNC = uPlot.sync('time');
/** After the last move all of it is drawn as fine as the screen shows. */
const REST_MS = 150;

export function Plot(props: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const now = useRef(props);
  now.current = props;
  const redraw = useRef<() => void>(() => {});
  useEffect(() => {
    if (host.current === null) return;
    const drawing = draw(host.current, now);
    redraw.current = drawing.redraw;
    return drawing.stop;
  }, [props.axis, props.plotted.lines.map(({ label, look }) => `${label} ${look}`).join('|')]);
  useEffect(() => redraw.current(), [props.plotted]);
  return (
    <div
      ref={host}
      class="plot"
      role="group"
      tabIndex={0}
      aria-label={`${props.label}. Arrow keys move, plus and minus zoom, 0 shows all; the table below has the same numbers.`}
      style={{ height: props.height }}
      onKeyDown={(event) => steer(event, props.axis)}
    />
  );
}

const KEYS: Readonly<Record<string, (axis: Axis) => Span>> = {
  ArrowLeft: ({ span }) => moved(span, -0.2),
  ArrowRight: ({ span }) => moved(span, 0.2),
  '+': ({ span }) => zoomed(span, 0.7),
  '=': ({ span }) => zoomed(span, 0.7),
  '-': ({ span }) => zoomed(span, 1 / 0.7),
  '0': ({ whole }) => whole,
};

function steer(event: KeyboardEvent, axis: Axis): void {
  const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
  if (move === undefined) return;
  event.preventDefault();
  axis.show(move(axis));
}

interface Drawing {
  redraw(): void;
  stop(): void;
}

function draw(host: HTMLElement, props: { readonly current: PlotProps }): Drawing {
  let shown = colours();
  let frame = 0;
  let resting = true;
  let rest: ReturnType<typeof setTimeout> | undefined;
  let shownRows: readonly number[] = [];
  let sampled: Plotted | null = null;
  let sample: Sampler = () => [[]];
  const make = () => new uPlot(optionsOf(props, shown, host.clientWidth, (row) => props.current.onHover?.(row === null ? null : rowAt(props.current.plotted.x, shownRows[row]))), [[]], host);
  let chart = make();
  const paint = () => {
    frame = 0;
    const { plotted, axis } = props.current;
    if (plotted !== sampled) [sampled, sample] = [plotted, samplerOf(plotted)];
    // a line is two pixels wide: finer than that nothing is seen; and while all of it moves, half of that
    const data = sample(axis.span, Math.max(100, chart.width / (resting ? 2 : 4)));
    shownRows = data[0] as number[];
    chart.batch(() => {
      chart.setData(data as uPlot.AlignedData, false);
      chart.setScale('x', { min: axis.span.from, max: axis.span.to });
    });
  };
  const redraw = () => {
    if (frame === 0) frame = requestAnimationFrame(paint);
  };
  const move = () => {
    clearTimeout(rest);
    resting = false;
    rest = setTimeout(() => {
      resting = true;
      redraw();
    }, REST_MS);
    redraw();
  };
  const renew = () => {
    shown = colours();
    chart.destroy();
    chart = make();
    redraw();
  };
  const sizes = new ResizeObserver(() => {
    if (host.clientWidth > 0 && host.clientWidth !== chart.width) chart.setSize({ width: host.clientWidth, height: props.current.height });
    redraw();
  });
  sizes.observe(host);
  const ends = [props.current.axis.subscribe(move), onScheme(renew), onWheel(host, () => chart, props)];
  redraw();
  return {
    redraw,
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(rest);
      sizes.disconnect();
      for (const end of ends) end();
      chart.destroy();
    },
  };
}

/** The row of all data at a point that is drawn. */
function rowAt(x: readonly number[], at: number | undefined): number | null {
  if (at === undefined) return null;
  const row = firstAtLeast(x, at);
  return x[row] === at ? row : null;
}

function samplerOf({ x, lines }: Plotted): Sampler {
  return createSampler([x, ...lines.map((line) => line.values)], lines.map((_, i) => i + 1));
}

/** The wheel zooms while a key is held, and scrolls the page otherwise. */
function onWheel(host: HTMLElement, chart: () => uPlot, props: { readonly current: PlotProps }): () => void {
  const zoom = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.shiftKey && !event.metaKey) return;
    event.preventDefault();
    const { axis } = props.current;
    const at = chart().posToVal(event.clientX - chart().over.getBoundingClientRect().left, 'x');
    axis.show(zoomed(axis.span, Math.exp((event.deltaY || event.deltaX) / 400), at));
  };
  host.addEventListener('wheel', zoom, { passive: false });
  return () => host.removeEventListener('wheel', zoom);
}

function optionsOf(props: { readonly current: PlotProps }, shown: Colours, width: number, onHover: (row: number | null) => void): uPlot.Options {
  const { plotted, height, limit, steps } = props.current;
  const axes = { stroke: shown.muted, font: '12px system-ui, sans-serif', grid: { stroke: shown.line, width: 1 }, ticks: { stroke: shown.line, width: 1, size: 4 } };
  return {
    width: Math.max(width, 100),
    height,
    legend: { show: false },
    // room at the right for half of the last time
    padding: [14, 20, 0, 0],
    scales: { x: { time: steps !== true }, y: limit === undefined ? { range: (_, low, high) => yRange(low, high, props.current.bounds) } : { distr: 3, log: 10, range: (_, low, high) => logRange(low, high, limit) } },
    axes: [
      { ...axes, ...(steps === true ? { size: 28 } : { size: 42, values: timeMarks }) },
      { ...axes, size: 58, values: (_, marks) => marks.map((mark) => (mark === null ? '' : props.current.y(mark))), ...(limit === undefined ? {} : { splits: (_u, _axis, low, high) => decades(low, high), filter: (_u, marks) => marks }) },
    ],
    series: [{}, ...plotted.lines.map((line) => seriesOf(line, shown))],
    ...(plotted.band === undefined ? {} : { bands: [{ series: [plotted.band[0] + 1, plotted.band[1] + 1], fill: shown.band }] }),
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, ...(steps === true ? {} : { sync: { key: SYNC.key } }) },
    hooks: {
      setCursor: [(u) => onHover(u.cursor.idx ?? null)],
      setSelect: [(u) => selected(u, props.current.axis)],
      draw: [(u) => drawOver(u, props.current, shown)],
    },
  };
}

function seriesOf({ label, look }: Line, shown: Colours): uPlot.Series {
  if (look === 'edge') return { label, stroke: 'transparent', width: 0, points: { show: false } };
  const stroke = look === 'main' ? shown.accent : shown.muted;
  return { label, stroke, width: look === 'main' ? 2 : 1.25, dash: [...DASHES[look]], points: { show: (u) => u.data[0].length < 60, size: 5, fill: stroke }, spanGaps: false };
}

function selected(u: uPlot, axis: Axis): void {
  const { left, width } = u.select;
  if (width < 4) return;
  const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')];
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  axis.show({ from, to });
}

/** Room around what is drawn, within the bounds. */
function yRange(low: number | null, high: number | null, bounds: readonly [number, number] = [-Infinity, Infinity]): [number, number] {
  if (low === null || high === null) return [Math.max(0, bounds[0]), Math.min(1, bounds[1])];
  const room = Math.max((high - low) * 0.15, 0.01 * Math.max(Math.abs(high), 0.1));
  return [Math.max(bounds[0], low - room), Math.min(bounds[1], high + room)];
}

/** Whole decades that hold the values and the limit. */
function logRange(low: number | null, high: number | null, limit: number): [number, number] {
  const floor = Math.min(low ?? limit, limit / 100);
  return [10 ** Math.floor(Math.log10(floor)), 10 ** Math.ceil(Math.log10(Math.max(high ?? limit, limit * 10)))];
}

function decades(low: number, high: number): number[] {
  const [first, last] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** Marks of the time axis: the day where it begins, hours otherwise. */
function timeMarks(_: uPlot, marks: number[], _axis: number, _space: number, step: number): string[] {
  const two = (n: number) => String(n).padStart(2, '0');
  let day = '';
  return marks.map((mark) => {
    const at = new Date(mark * 1000);
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const time = `${two(at.getHours())}:${two(at.getMinutes())}${step < 60 ? `:${two(at.getSeconds())}` : ''}`;
    const begins = date !== day;
    day = date;
    if (step >= 86_400) return date;
    return begins ? `${time}\n${date}` : time;
  });
}

/** The alarm's line, and what happened: a line down, and a sign of its own shape for each kind. */
function drawOver(u: uPlot, { limit, plotted }: PlotProps, shown: Colours): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.lineWidth = uPlot.pxRatio;
  if (limit !== undefined) {
    const y = Math.round(u.valToPos(limit, 'y', true));
    ctx.strokeStyle = shown.alarm;
    ctx.setLineDash([4 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
    stroke(ctx, bbox.left, y, bbox.left + bbox.width, y);
  }
  for (const mark of plotted.marks ?? []) {
    const x = Math.round(u.valToPos(mark.at, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    drawMark(ctx, mark, x, bbox, shown);
  }
  ctx.restore();
}

function stroke(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function drawMark(ctx: CanvasRenderingContext2D, { kind }: Mark, x: number, bbox: uPlot.BBox, shown: Colours): void {
  const colour = kind === 'incident' ? shown.alarm : shown.accent;
  const r = 5 * uPlot.pxRatio;
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.setLineDash(kind === 'rollback' ? [3 * uPlot.pxRatio, 3 * uPlot.pxRatio] : []);
  ctx.globalAlpha = 0.7;
  stroke(ctx, x, bbox.top, x, bbox.top + bbox.height);
  ctx.globalAlpha = 1;
  const y = bbox.top - r;
  ctx.beginPath();
  if (kind === 'promotion') ctx.arc(x, y, r * 0.8, 0, 2 * Math.PI);
  else {
    const points = kind === 'incident' ? [[0, -r], [r, 0], [0, r], [-r, 0]] : [[-r, 0], [r, -r], [r, r]];
    points.forEach(([dx = 0, dy = 0], i) => (i === 0 ? ctx.moveTo(x + dx, y + dy) : ctx.lineTo(x + dx, y + dy)));
    ctx.closePath();
  }
  ctx.fill();
}
