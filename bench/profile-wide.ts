/**
 * Rows of 1,000 numeric columns, profiled and judged on one core: `node bench/profile-wide.ts [--rows N] [--columns N]`.
 *
 * The reference, of 5,000 rows, is laid out once and never read again. A pane has 10,000 rows; its values are counted column by column, then
 * each column's pane is judged (Kolmogorov-Smirnov, share of missing values) and added to a window. The values are made beforehand and
 * are the same for every pane; making them is no part of the time. The last figure is rows as a service has them, objects with
 * 1,000 properties. What is extrapolated says so.
 */
import { parseArgs } from 'node:util';
import { addColumn } from '../src/profile/columns/column.ts';
import { emptyNumber, numberLayout, observeNumber, observeNumbers, type NumberCounts, type NumberLayout } from '../src/profile/columns/number.ts';
import { kolmogorovSmirnov } from '../src/statistics/window/kolmogorov-smirnov.ts';
import { seededUniform } from '../src/statistics/random.ts';
import { drawNormal } from '../src/statistics/draw.ts';
import type { BenchRow } from './row.ts';

const REFERENCE = 5_000;
const PANE = 10_000;
const ASKED = 3_300_000;
const SECONDS = 300;

/** Columns of four kinds: normal, lognormal, of a few values, heavy-tailed. */
function column(at: number, rows: number, seed: number): Float64Array {
  const uniform = seededUniform(seed * 100_003 + at);
  const normal = () => drawNormal(uniform);
  const draw = [normal, () => Math.exp(normal()), () => Math.floor(uniform() * 12), () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2) / 2 + 1e-9)][at % 4] as () => number;
  return Float64Array.from({ length: rows }, draw);
}

export function wideRows(rows = 100_000, columns = 1_000): BenchRow[] {
  const layouts = Array.from({ length: columns }, (_, at) => numberLayout([...column(at, REFERENCE, 1)]));
  const references = layouts.map((layout, at) => counted(layout, column(at, REFERENCE, 1)));
  const values = Array.from({ length: columns }, (_, at) => column(at, PANE, 2));
  const windows = layouts.map(({ edges }) => emptyNumber(edges.length));
  const panes = Math.max(1, Math.round(rows / PANE));
  let moved = 0;
  const started = performance.now();
  let judging = 0;
  for (let pane = 0; pane < panes; pane++) {
    for (let at = 0; at < columns; at++) {
      const counts = counted(layouts[at] as NumberLayout, values[at] as Float64Array);
      const judged = performance.now();
      moved += judge(references[at] as NumberCounts, counts);
      addColumn(windows[at] as NumberCounts, counts, 1);
      judging += performance.now() - judged;
    }
  }
  const seconds = (performance.now() - started) / 1_000;
  const perValue = (seconds * 1e9) / (panes * PANE * columns);
  const whole = (perValue * ASKED * columns) / 1e9;
  const [first] = windows;
  const bytes = first === undefined ? 0 : first.bins.byteLength + 8 * 8;
  const objects = ofObjects(layouts, values);
  return [
    { name: `profile, ${columns} columns of ${panes * PANE} rows, counted and judged, ${moved} columns of panes called moved`, figure: Number(perValue.toFixed(1)), unit: 'ns a value', goal: `${(SECONDS * 1e9) / ASKED / columns} or fewer`, reached: perValue <= (SECONDS * 1e9) / ASKED / columns },
    { name: 'profile, of that judging and adding to the window', figure: Number(((judging * 1e6) / (panes * PANE * columns)).toFixed(1)), unit: 'ns a value', goal: 'none', reached: true },
    { name: `profile, 3.3 M rows of ${columns} columns, extrapolated`, figure: Math.round(whole), unit: 's', goal: `${SECONDS} or fewer for 1,000`, reached: whole <= SECONDS },
    { name: 'profile, memory of a numeric column and pane', figure: bytes, unit: 'bytes', goal: '4096 or fewer', reached: bytes <= 4_096 },
    { name: `profile, a value of rows that are objects of ${columns} properties`, figure: Number(objects.toFixed(1)), unit: 'ns a value', goal: 'none', reached: true },
  ];
}

function counted(layout: NumberLayout, values: Float64Array): NumberCounts {
  const counts = emptyNumber(layout.edges.length);
  observeNumbers(counts, layout, values);
  return counts;
}

/** 1 where the column moved beyond a tolerance of 0.05, or values are missing. */
function judge(reference: NumberCounts, pane: NumberCounts): number {
  const { interval } = kolmogorovSmirnov({ reference: reference.bins, current: pane.bins });
  return interval.low > 0.05 || pane.nulls > reference.nulls ? 1 : 0;
}

/** Nanoseconds a value of rows that are read property by property, the best of some rounds. */
function ofObjects(layouts: readonly NumberLayout[], values: readonly Float64Array[]): number {
  const names = layouts.map((_, at) => `column_${at}`);
  const objects = Array.from({ length: 500 }, (_, i) => Object.fromEntries(names.map((name, at) => [name, (values[at] as Float64Array)[i] as number])));
  const counts = layouts.map(({ edges }) => emptyNumber(edges.length));
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    for (const row of objects) for (let at = 0; at < names.length; at++) observeNumber(counts[at] as NumberCounts, layouts[at] as NumberLayout, row[names[at] as string]);
    best = Math.min(best, performance.now() - started);
  }
  return (best * 1e6) / (objects.length * names.length);
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' }, columns: { type: 'string', default: '1000' } } });
  console.table(wideRows(Number(values.rows), Number(values.columns)));
}
