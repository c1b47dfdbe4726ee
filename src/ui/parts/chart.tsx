/** A chart with its title, legend, reading and table. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { firstAtLeast } from '../lib/downsample.ts';
import { moment } from '../lib/format.ts';
import { DASHES, type Line } from '../lib/series.ts';
import { Plot, type PlotProps } from './plot.tsx';

export interface ChartProps extends Omit<PlotProps, 'onHover' | 'label'> {
  readonly title: string;
  /** What the axis counts, for the table's first column. */
  readonly xTitle: string;
  readonly children?: ComponentChildren;
}

const MOST_ROWS = 500;

export function Chart({ title, xTitle, children, ...plot }: ChartProps) {
  const [hover, setHover] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const { plotted } = plot;
  return (
    <figure class="chart section">
      <header>
        <h3>{title}</h3>
        <Legend lines={plotted.lines} band={plotted.band !== undefined} />
        <p class="readout" aria-hidden="true">{hover === null ? '' : reading(plot, hover)}</p>
        <button class="plain small end" type="button" aria-pressed={table} onClick={() => setTable(!table)}>{table ? 'Hide table' : 'Table'}</button>
      </header>
      <Plot {...plot} label={title} onHover={setHover} />
      {children}
      {table ? <ChartTable title={title} xTitle={xTitle} {...plot} /> : null}
    </figure>
  );
}

const drawn = (lines: readonly Line[]) => lines.filter((line) => line.look !== 'edge');
const xText = (x: number, steps: boolean | undefined) => (steps === true ? String(x) : moment(new Date(x * 1000).toISOString()));

function reading({ plotted, steps }: Pick<PlotProps, 'plotted' | 'steps'>, row: number): string {
  const parts = plotted.lines.flatMap((line) => {
    const value = line.values[row];
    return value === null || value === undefined ? [] : [`${line.label} ${line.show(value)}`];
  });
  return [xText(plotted.x[row] ?? 0, steps), ...parts].join('  ·  ');
}

function Legend({ lines, band }: { lines: readonly Line[]; band: boolean }) {
  return (
    <ul class="legend">
      {drawn(lines).map((line) => (
        <li key={line.label}>
          <svg width="22" height="8" aria-hidden="true">
            <line x1="0" y1="4" x2="22" y2="4" stroke={line.look === 'main' ? 'var(--accent)' : 'var(--muted)'} stroke-width={line.look === 'main' ? 2 : 1.5} stroke-dasharray={line.look === 'edge' ? '' : DASHES[line.look].join(' ')} />
          </svg>
          {line.label}
        </li>
      ))}
      {band ? <li><svg width="22" height="8" aria-hidden="true"><rect width="22" height="8" fill="var(--band)" /></svg>95 % interval</li> : null}
    </ul>
  );
}

function ChartTable({ title, xTitle, plotted, axis, steps }: Omit<ChartProps, 'children'>) {
  const [start, end] = [firstAtLeast(plotted.x, axis.span.from), firstAtLeast(plotted.x, axis.span.to + 1e-6)];
  const rows = Array.from({ length: Math.min(MOST_ROWS, end - start) }, (_, i) => end - 1 - i);
  return (
    <div class="panel chart-table" tabIndex={0} role="region" aria-label={`${title}: table`}>
      <table>
        <caption class="visually-hidden">{title}</caption>
        <thead><tr><th scope="col">{xTitle}</th>{plotted.lines.map((line) => <th key={line.label} scope="col" class="number">{line.label}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <td class="nowrap">{xText(plotted.x[row] ?? 0, steps)}</td>
              {plotted.lines.map((line) => <td key={line.label} class="number">{shown(line, row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {end - start > MOST_ROWS ? <p class="hint">The newest {MOST_ROWS} of {end - start} rows; zoom in to see the others.</p> : null}
    </div>
  );
}

function shown(line: Line, row: number): string {
  const value = line.values[row];
  return value === null || value === undefined ? '–' : line.show(value);
}
