/**
 * `npm run bench [-- --json] [--only NAME] [--write]`: every figure with its goal and whether it was reached. Each part runs in a process of
 * its own, so that none measures what another left behind. `--write` puts the table into bench/README.md.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { autodiffRows } from './autodiff.ts';
import { demoRows } from './demo.ts';
import { diskRows } from './disk.ts';
import { driftRows } from './drift.ts';
import type { BenchRow } from './row.ts';
import { gates } from './gates.ts';
import { httpRows } from './http.ts';
import { ingestRows } from './ingest.ts';
import { loraRows } from './lora.ts';
import { memoryRows } from './memory.ts';
import { metricsRows } from './metrics.ts';
import { pageRows } from './page.ts';
import { performanceRows } from './performance.ts';
import { performanceReportRows } from './performance-report.ts';
import { wideRows } from './profile-wide.ts';
import { triggerRows } from './trigger.ts';

const PARTS: Readonly<Record<string, () => BenchRow[] | Promise<BenchRow[]>>> = {
  lora: () => loraRows(),
  autodiff: () => autodiffRows(),
  memory: () => memoryRows(),
  ingest: () => ingestRows(),
  disk: diskRows,
  http: httpRows,
  metrics: metricsRows,
  trigger: triggerRows,
  demo: demoRows,
  gates: () => gates({ repeats: 2_000, chains: 100, seed: 1 }),
  drift: driftRows,
  page: pageRows,
  performance: async () => [...performanceRows(), ...(await performanceReportRows())],
  wide: () => wideRows(),
};

const run = promisify(execFile);

/** A part in a process of its own; what it says on standard error is shown. */
async function apart(name: string): Promise<BenchRow[]> {
  process.stderr.write(`${name} ...\n`);
  const { stdout, stderr } = await run(process.execPath, ['--expose-gc', import.meta.filename, '--only', name, '--json'], { maxBuffer: 1 << 26 });
  process.stderr.write(stderr);
  return JSON.parse(stdout) as BenchRow[];
}

const say = ({ figure }: BenchRow) => figure.toLocaleString('en', { maximumFractionDigits: 4 });
const goalOf = ({ goal, reached }: BenchRow) => (goal === 'none' ? '' : reached ? 'yes' : '**no**');

/** The table as bench/README.md shows it, with the machine and the day. */
function page(parts: readonly { name: string; rows: readonly BenchRow[] }[]): string {
  const lines = [
    '# Figures', '',
    `Measured by \`${COMMAND}\` on ${new Date().toISOString().slice(0, 10)}: ${os.availableParallelism()} shared cores, ${os.cpus()[0]?.model.trim()}, ` +
      `${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release().split('-')[0]}, Node ${process.versions.node}. Load average when it began, others' work on the machine included: ${LOAD}. Goals that were missed stand as they are.`,
  ];
  for (const { name, rows } of parts) {
    lines.push('', `## ${name}`, '', '| what | figure | unit | goal | reached |', '|---|---:|---|---|---|');
    for (const row of rows) lines.push(`| ${row.name} | ${say(row)} | ${row.unit} | ${row.goal === 'none' ? '' : row.goal} | ${goalOf(row)} |`);
  }
  return `${lines.join('\n')}\n`;
}

const COMMAND = `npm run bench -- ${process.argv.slice(2).join(' ')}`;
const LOAD = (os.loadavg()[0] as number).toFixed(1);
const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' }, write: { type: 'boolean' } } });
const names = values.only === undefined ? Object.keys(PARTS) : values.only.split(',');
const unknown = names.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  process.stderr.write(`there is no part "${unknown}"; there are: ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
const [single] = names;
if (names.length === 1 && single !== undefined && values.json === true) {
  process.stdout.write(`${JSON.stringify(await PARTS[single]?.())}\n`);
  process.exit(0);
}
const parts: { name: string; rows: BenchRow[] }[] = [];
for (const name of names) parts.push({ name, rows: await apart(name) });
if (values.json === true) process.stdout.write(`${JSON.stringify(Object.fromEntries(parts.map(({ name, rows }) => [name, rows])))}\n`);
else for (const { rows } of parts) console.table(rows);
if (values.write === true) await writeFile(path.join(import.meta.dirname, 'README.md'), page(parts));
