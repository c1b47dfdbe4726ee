/**
 * `node bench/drift-real/run.ts DATA [--python PYTHON] [--repeats N] [--write]`: delays and false alarms on real streams, ours beside those of river, Evidently and
 * NannyML as released (requirements.txt), with always-fire and never-fire as baselines. DATA holds hwu64.csv, sentiment_by_domain.csv.gz, wnut17.jsonl and
 * nab_real_series.csv.gz; PYTHON has what requirements.txt names. `--write` puts the tables into bench/drift-real.md.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { median } from '../ingest.ts';
import { oursOn, PANE, PROMISE, type Alarms } from './ours.ts';
import { nabStreams, textStreams, type Stream } from './streams.ts';

const { values: given, positionals: [data] } = parseArgs({ allowPositionals: true, options: { python: { type: 'string', default: 'python3' }, repeats: { type: 'string', default: '20' }, write: { type: 'boolean' } } });
if (data === undefined) throw new Error('name the folder of the data');
const run = promisify(execFile);

interface Score {
  readonly detector: string;
  changes: number;
  found: number;
  readonly delays: number[];
  falseAlarms: number;
  /** Rows outside of changes. */
  calmRows: number;
}

async function othersOn(streams: readonly Stream[]): Promise<Alarms[]> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'drift-real-'));
  try {
    const file = path.join(dir, 'streams.jsonl');
    await writeFile(file, streams.map((stream) => `${JSON.stringify(stream)}\n`).join(''));
    const { stdout } = await run(given.python, [path.join(import.meta.dirname, 'others.py'), file], { maxBuffer: 1 << 28 });
    return stdout.trim().split('\n').map((line) => JSON.parse(line) as Alarms);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const baselines = ({ values }: Stream): Alarms => ({ 'always fires': Array.from({ length: Math.floor(values.length / PANE) }, (_, i) => (i + 1) * PANE - 1), 'never fires': [] });

/** The first alarm within a change finds it; every alarm outside is a false one. */
function add(score: Score, { changes, values }: Stream, alarms: readonly number[]): void {
  const within = (i: number) => changes.some(([from, to]) => i >= from && i < to);
  score.calmRows += values.length - changes.reduce((rows, [from, to]) => rows + to - from, 0);
  score.falseAlarms += alarms.filter((i) => !within(i)).length;
  for (const [from, to] of changes) {
    score.changes++;
    const first = alarms.find((i) => i >= from && i < to);
    if (first === undefined) continue;
    score.found++;
    score.delays.push(first - from + 1);
  }
}

function table(group: string, streams: readonly Stream[], alarms: readonly Alarms[]): string[] {
  const scores = new Map<string, Score>();
  streams.forEach((stream, i) => {
    if (stream.group !== group) return;
    for (const [detector, rows] of Object.entries(alarms[i] ?? {})) {
      const score = scores.get(detector) ?? { detector, changes: 0, found: 0, delays: [], falseAlarms: 0, calmRows: 0 };
      scores.set(detector, score);
      add(score, stream, rows);
    }
  });
  const rows = [...scores.values()].map(({ detector, changes, found, delays, falseAlarms, calmRows }) => (
    `| ${detector} | ${found} of ${changes} | ${delays.length === 0 ? '' : median(delays)} | ${falseAlarms} | ${((falseAlarms / calmRows) * 10_000).toFixed(2)} |`
  ));
  return ['', `## ${group}`, '', '| detector | changes found | median delay, rows | false alarms | of 10,000 calm rows |', '|---|---:|---:|---:|---:|', ...rows];
}

const streams = [...textStreams(data, Number(given.repeats)), ...nabStreams(data)];
const others = await othersOn(streams);
const alarms = streams.map((stream, i): Alarms => ({ ...oursOn(stream), ...others[i], ...baselines(stream) }));
const lines = [
  '# Drift on real streams', '',
  `By \`node bench/drift-real/run.ts DATA --repeats ${given.repeats} --write\` on ${new Date().toISOString().slice(0, 10)}; the others as released, with their defaults (bench/drift-real/requirements.txt). Texts: ${given.repeats} deals of the rows each; the row detectors all watch the same`,
  `numbers, the share of a text's n-grams that no train text has, and have all seen the same reference. Series: every value by its rank in the first 15 % of its series. Ours promise one false alarm in ${(PANE * PROMISE).toLocaleString('en')} rows as long as the mean given the past`,
  'stays within reference and tolerance, which series that swing with the hour do not: there it says what they are, not what was promised.',
  ...[...new Set(streams.map(({ group }) => group))].flatMap((group) => table(group, streams, alarms)), '',
];
process.stdout.write(lines.join('\n'));
if (given.write === true) await writeFile(path.join(import.meta.dirname, '../drift-real.md'), lines.join('\n'));
