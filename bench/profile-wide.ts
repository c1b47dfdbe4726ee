/**
 * Rows of 1,000 numeric columns, profiled and judged on one core: `node bench/profile-wide.ts [--rows N] [--columns N]`.
 *
 * The reference, of 5,000 rows, is laid out once and never read again. A pane has 10,000 rows. Its values are counted column by column;
 * then each column's two monitors take it, as when the service closes it (the shipped streams, detectors and thresholds), and it is added to
 * the window. Beyond what the service does with a pane, its Kolmogorov-Smirnov distance is held against a tolerance. At the end the window of all panes is
 * tested with p-values, once, as a report does. Values are drawn beforehand, which is no part of the time; a pane's columns are those of another pane
 * turned by four, so that hundreds of panes have other values each. Time is the processor's, of all threads together. Nothing is extrapolated unless
 * fewer rows than 3.3 million are asked for, and then the row says so. The last figure is rows as a service has them, objects with 1,000 properties.
 */
import { parseArgs } from 'node:util';
import { countsOf, seriesEntry } from '../src/drift/evidence.ts';
import { resumeState, takePane, type MonitorState } from '../src/drift/state.ts';
import { detectorOf, watchingOf } from '../src/drift/watching.ts';
import { addColumn, type Column, type ColumnCounts } from '../src/profile/columns/column.ts';
import { emptyNumber, numberLayout, observeNumber, observeNumbers, type NumberCounts, type NumberLayout } from '../src/profile/columns/number.ts';
import { buildReference, type ReferenceBody } from '../src/profile/layout.ts';
import { emptyProfile } from '../src/profile/profile.ts';
import { parseSpec } from '../src/spec.ts';
import { drawNormal } from '../src/statistics/draw.ts';
import { seededUniform } from '../src/statistics/random.ts';
import { kolmogorovGap, kolmogorovSmirnov } from '../src/statistics/window/index.ts';
import type { BenchRow } from './row.ts';

const REFERENCE = 5_000;
const PANE = 10_000;
const ASKED = 3_300_000;
const SECONDS = 300;
const KINDS = 4;
const TOLERANCE = 0.05;
const SPEC = parseSpec({ name: 'wide', task: 'classification' }).monitor;

/** Columns of four kinds: normal, lognormal, of a few values, heavy-tailed. */
function column(at: number, rows: number, seed: number): Float64Array {
  const uniform = seededUniform(seed * 100_003 + at);
  const normal = () => drawNormal(uniform);
  const draw = [normal, () => Math.exp(normal()), () => Math.floor(uniform() * 12), () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2) / 2 + 1e-9)][at % KINDS] as () => number;
  return Float64Array.from({ length: rows }, draw);
}

/** Milliseconds of the processor: others may be at work on the machine. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function counted(layout: NumberLayout, values: Float64Array): NumberCounts {
  const counts = emptyNumber(layout.edges.length);
  observeNumbers(counts, layout, values);
  return counts;
}

const nameOf = (at: number) => `column_${at}`;

/** A reference whose features are the columns, and nothing else of note. */
function referenceOf(layouts: readonly NumberLayout[], references: readonly NumberCounts[]): ReferenceBody {
  const rows = [{ id: '1', text: 'one two three', label: 'a', trueLabel: 'a', confidence: null }];
  const bare = buildReference({ model: 'wide', adapter: 'wide--v1', createdAt: '2026-01-01T00:00:00Z', trainTexts: [], rows });
  const columns = layouts.map((layout, at): Column => ({ name: nameOf(at), source: 'exam', layout }));
  return { ...bare, columns, profile: { ...bare.profile, columns: new Map(references.map((counts, at): [string, ColumnCounts] => [nameOf(at), counts])) } };
}

/** Closes panes; gives how many columns moved, by the distance and by their monitors. */
function judge(reference: ReferenceBody) {
  const states = new Map<string, MonitorState>();
  let [distant, alarms, pane] = [0, 0, 0];
  const references = reference.columns.map(({ name }) => reference.profile.columns.get(name) as NumberCounts);
  return {
    close(columns: readonly NumberCounts[]) {
      pane++;
      const profile = { ...emptyProfile(reference), columns: new Map(columns.map((counts, at): [string, ColumnCounts] => [nameOf(at), counts])) };
      for (const { monitor, courses, threshold } of watchingOf(reference, SPEC)) {
        if (courses === null) continue;
        const before = resumeState(states.get(monitor.id) ?? null, 1, detectorOf(courses), pane);
        const { state, step } = takePane(before, pane, countsOf(seriesEntry(courses, { pane, profile }), courses.length), threshold);
        states.set(monitor.id, state);
        if (step.alarm) alarms++;
      }
      columns.forEach(({ bins }, at) => {
        if (kolmogorovGap({ reference: (references[at] as NumberCounts).bins, current: bins }).interval.low > TOLERANCE) distant++;
      });
    },
    moved: () => ({ distant, alarms }),
  };
}

export function wideRows(rows = ASKED, columns = 1_000): BenchRow[] {
  const layouts = Array.from({ length: columns }, (_, at) => numberLayout([...column(at, REFERENCE, 1)]));
  const references = layouts.map((layout, at) => counted(layout, column(at, REFERENCE, 1)));
  const values = Array.from({ length: columns }, (_, at) => column(at, PANE, 2));
  const windows = layouts.map(({ edges }) => emptyNumber(edges.length));
  const judging = judge(referenceOf(layouts, references));
  const panes = Math.max(1, Math.round(rows / PANE));
  const started = spent();
  let counting = 0;
  for (let pane = 0; pane < panes; pane++) {
    const since = spent();
    const counts = layouts.map((layout, at) => counted(layout, values[(at + KINDS * pane) % columns] as Float64Array));
    counting += spent() - since;
    judging.close(counts);
    counts.forEach((each, at) => addColumn(windows[at] as NumberCounts, each, 1));
  }
  const differ = windows.filter(({ bins }, at) => (kolmogorovSmirnov({ reference: (references[at] as NumberCounts).bins, current: bins }).p ?? 1) < 0.05 / columns).length;
  const all = spent() - started;
  const perValue = (ms: number) => (ms * 1e6) / (panes * PANE * columns);
  const whole = (perValue(all) * ASKED * columns) / 1e9;
  const goal = (SECONDS * 1e9) / ASKED / 1_000;
  const { distant, alarms } = judging.moved();
  const [first] = windows;
  const bytes = first === undefined ? 0 : first.bins.byteLength + 8 * 8;
  return [
    { name: `profile, ${panes * PANE} rows of ${columns} columns, counted and judged; of ${panes * columns} panes of columns ${distant} lie apart and ${alarms} alarm, of ${columns} windows ${differ} differ`, figure: Number(perValue(all).toFixed(1)), unit: 'ns a value', goal: `${Math.floor(goal)} or fewer`, reached: perValue(all) <= goal },
    { name: 'profile, of that all but the counting', figure: Number(perValue(all - counting).toFixed(1)), unit: 'ns a value', goal: 'none', reached: true },
    { name: `profile, 3.3 M rows of ${columns} columns, one core${panes * PANE < ASKED ? `, extrapolated from ${panes * PANE} rows` : ''}`, figure: Math.round(whole), unit: 's', goal: `${SECONDS} or fewer for 1,000`, reached: whole <= SECONDS },
    { name: 'profile, memory of a numeric column and pane', figure: bytes, unit: 'bytes', goal: '4096 or fewer', reached: bytes <= 4_096 },
    { name: `profile, a value of rows that are objects of ${columns} properties`, figure: Number(ofObjects(layouts, values).toFixed(1)), unit: 'ns a value', goal: 'none', reached: true },
  ];
}

/** Nanoseconds a value of rows that are read property by property, the best of some rounds. */
function ofObjects(layouts: readonly NumberLayout[], values: readonly Float64Array[]): number {
  const objects = Array.from({ length: 500 }, (_, i) => Object.fromEntries(layouts.map((_layout, at) => [nameOf(at), (values[at] as Float64Array)[i] as number])));
  const names = layouts.map((_, at) => nameOf(at));
  const counts = layouts.map(({ edges }) => emptyNumber(edges.length));
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const started = spent();
    for (const row of objects) for (let at = 0; at < names.length; at++) observeNumber(counts[at] as NumberCounts, layouts[at] as NumberLayout, row[names[at] as string]);
    best = Math.min(best, spent() - started);
  }
  return (best * 1e6) / (objects.length * names.length);
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: String(ASKED) }, columns: { type: 'string', default: '1000' } } });
  console.table(wideRows(Number(values.rows), Number(values.columns)));
}
