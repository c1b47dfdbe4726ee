/** The table as bench/drift.md shows it, with the machine and the day. */
import os from 'node:os';
import type { BenchRow } from '../row.ts';

const say = ({ figure }: BenchRow) => figure.toLocaleString('en', { maximumFractionDigits: 4 });

export function pageOf(parts: readonly { readonly name: string; readonly rows: readonly BenchRow[] }[], { load, seconds, command }: { load: string; seconds: number; command: string }): string {
  const lines = [
    '# Drift', '',
    `Simulations of the shipped monitors by \`${command}\` on ${new Date().toISOString().slice(0, 10)}: ${os.availableParallelism()} shared cores, ${os.cpus()[0]?.model.trim()}, Node ${process.versions.node}, ` +
      `${Math.round(seconds / 60)} minutes, load average ${load} when it began. Run lengths are of worlds on course, where every alarm is a false one, and are cut at 5 promises (20 where the mean is known), which only lowers them. Goals that were missed stand as they are.`,
  ];
  for (const { name, rows } of parts) {
    lines.push('', `## ${name}`, '', '| what | figure | unit | goal | reached |', '|---|---:|---|---|---|');
    for (const row of rows) lines.push(`| ${row.name} | ${say(row)} | ${row.unit} | ${row.goal === 'none' ? '' : row.goal} | ${row.goal === 'none' ? '' : row.reached ? 'yes' : '**no**'} |`);
  }
  return `${lines.join('\n')}\n`;
}
