/** The replay's report as text for a terminal. */
import { columns } from '../columns.ts';
import { accept, type ReplayReport, type WindowResult } from './report.ts';

/** All tables of the report, one below the other; `metric` is what rows were scored by. */
export function renderReport(report: ReplayReport, metric = 'accuracy'): string {
  return [
    `${metric === 'accuracy' ? 'Accuracy' : `Mean ${metric}, in percent,`} by window (ceiling: trained on all rows before the third of the stage that the window lies in)`,
    columns(['stage', 'third', 'rows', 'frozen', 'loop', 'ceiling', 'answered by'], report.windows.map(windowCells), 'lrrrrrl'),
    '',
    'Detection',
    columns(['stage', 'rows until alarm', 'monitor', 'alarms'], report.detections.map((d) => [d.stage, d.rows === null ? 'none' : String(d.rows), d.monitor ?? '', String(d.alarms)]), 'lrlr'),
    '',
    'Decisions',
    columns(['stage', 'run', 'trigger', 'outcome', 'reason'], report.decisions.map((d) => [d.stage, d.run, d.trigger, d.outcome, d.reason]), 'lllll'),
    '',
    'Promoted challenger against the champion it replaced, on the following window',
    columns(['stage', 'challenger', 'champion', 'rows', 'difference', '95 % interval'], report.successions.map((s) => [
      s.stage, s.challenger, s.champion, String(s.rows), points(s.difference), `${points(s.interval[0])} to ${points(s.interval[1])}`,
    ]), 'lllrrr'),
    '',
    'Acceptance',
    ...accept(report).map(({ name, holds, detail }) => `  ${holds ? '✓' : '✗'} ${name}: ${detail}`),
  ].join('\n');
}

function windowCells(window: WindowResult): string[] {
  const share = (right: number | null) => (right === null ? '' : (100 * right / window.rows).toFixed(1));
  return [window.stage, String(window.third + 1), String(window.rows), share(window.frozen), share(window.loop), share(window.ceiling), window.adapters.join(' ')];
}

const points = (difference: number) => `${difference < 0 ? '−' : '+'}${Math.abs(100 * difference).toFixed(1)}`;
