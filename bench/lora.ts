/**
 * LoRA on a CPU: whole training steps (forward, backward, clipping, AdamW) on one core and by two workers, on wasm and, where it is installed, on
 * TensorFlow, utterances a second, the time from the start of a job to its first step, and how much of a batch is tokens. `node bench/lora.ts [--base FOLDER] [--repeats N] [--json]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readBase, type Base } from '../src/lora/base.ts';
import { createMember } from '../src/lora/member.ts';
import { architectureOf } from '../src/lora/models/index.ts';
import { random } from '../src/lora/random.ts';
import { createTeam } from '../src/lora/team.ts';
import type { Job, JobEvent } from '../src/training/job.ts';
import { BATCH, benchRow, bestSeconds, classifier, DEFAULT_BASE, flopOf, RATE, SHAPES, utterances } from './lora-model.ts';
import { tokenRows } from './lora-tokens.ts';
import { tensorflowProcess } from './lora-tensorflow.ts';
import type { BenchRow } from './row.ts';

export async function loraRows(basePath = DEFAULT_BASE, repeats = 15): Promise<BenchRow[]> {
  const base = await readBase(basePath, null);
  return [...(await stepRows(base, basePath, repeats)), await startRow(basePath), ...tokenRows()];
}

async function stepRows(base: Base, basePath: string, repeats: number): Promise<BenchRow[]> {
  const { plan, values } = classifier(base);
  const team = (workers: number) => createTeam({ base, plan, use: 'train', workers, values });
  const [one, two] = [await team(1), await team(2)];
  const [tensorflow, tensorflowOfTwo] = [await tensorflowProcess(basePath, 1), await tensorflowProcess(basePath, 2)];
  const predictor = createMember({ base, plan, use: 'predict', values, gradients: new Float32Array(0) });
  try {
    const rows: BenchRow[] = [];
    for (const [shape, [name, length]] of SHAPES.entries()) {
      const batch = utterances(BATCH, architectureOf(base).vocabulary, length);
      const works = [() => one.step(batch, RATE), () => two.step(batch, RATE), () => predictor.outputs(batch), ...[tensorflow, tensorflowOfTwo].flatMap((remote) => (remote === null ? [] : [() => remote.step(shape)]))];
      const [alone, together, forward, other, otherTogether] = (await bestSeconds(works, repeats)) as [number, number, number, number?, number?];
      rows.push(
        benchRow(`whole LoRA step, wasm, one core, ${name}`, flopOf(base, batch) / alone / 1e9, 'GFLOP/s', 18),
        benchRow(`LoRA training, wasm, one core, ${name}`, BATCH / alone, 'rows/s'),
        benchRow(`two workers against one, ${name}`, alone / together, 'times', 1.9),
        benchRow(`prediction, wasm, one core, ${name}`, BATCH / forward, 'rows/s'),
      );
      if (other === undefined || otherTogether === undefined) continue;
      rows.push(
        benchRow(`whole LoRA step, tensorflow, one core, ${name}`, flopOf(base, batch) / other / 1e9, 'GFLOP/s', 70),
        benchRow(`LoRA training, tensorflow, two cores, ${name}`, BATCH / otherTogether, 'rows/s'),
        benchRow(`tensorflow against wasm, one core, ${name}`, alone / other, 'times'),
        benchRow(`tensorflow, two cores against one, ${name}`, other / otherTogether, 'times', 1.9),
      );
    }
    return rows;
  } finally {
    await Promise.all([one.close(), two.close(), tensorflow?.close(), tensorflowOfTwo?.close()]);
  }
}

const START_ROWS = 2_000;
const STARTS = 3;

/** From the start of the engine's process on a written job to the end of its first step: base, tokenizer, all rows encoded, two workers. */
async function startRow(basePath: string): Promise<BenchRow> {
  const seconds: number[] = [];
  for (let i = 0; i < STARTS; i += 1) seconds.push(await startSeconds(basePath));
  const worst = Math.round(Math.max(...seconds) * 100) / 100;
  return { name: `start of a job to its first step, ${START_ROWS} rows, two workers, worst of ${STARTS}`, figure: worst, unit: 's', goal: '2 or less', reached: worst <= 2 };
}

async function startSeconds(basePath: string): Promise<number> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-bench-start-'));
  try {
    await writeStartJob(dir, basePath);
    const started = Date.now();
    const engine = spawn(process.execPath, [path.resolve(import.meta.dirname, '../src/training/engines/tfjs/main.ts'), dir], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(engine, 'exit');
    const first = await firstStep(dir, ended);
    engine.kill();
    await ended;
    return (first - started) / 1000;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The engine's own time of its first step: when this process sees it does not matter. */
async function firstStep(dir: string, ended: Promise<unknown[]>): Promise<number> {
  let over = false;
  void ended.then(() => (over = true));
  for (;;) {
    const gone = over;
    const lines = (await readFile(path.join(dir, 'events.ndjson'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const step = lines.map((line) => JSON.parse(line) as JobEvent).find(({ type }) => type === 'progress');
    if (step !== undefined) return Date.parse(step.at);
    if (gone) throw new Error(`the engine ended before its first step: ${lines.at(-1)}`);
    await setTimeout(50);
  }
}

async function writeStartJob(dir: string, basePath: string): Promise<void> {
  const uniform = random(3, 'bench start');
  const words = ['play', 'the', 'weather', 'in', 'paris', 'tomorrow', 'wake', 'me', 'at', 'seven', 'turn', 'light', 'off', 'please', 'book', 'a', 'table'];
  const labels = ['a', 'b', 'c'];
  const row = (i: number) => ({ id: `r${i}`, text: Array.from({ length: 9 }, () => words[Math.floor(uniform() * words.length)]).join(' '), label: labels[i % 3] });
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `${JSON.stringify(row(i))}\n`).join('');
  const job: Job = {
    version: 1, id: 'start', kind: 'train', model: 'bench', task: 'classification', labelling: 'single', base: { path: basePath, digest: null }, initial: false, labels, seed: 1, workers: 2,
    backend: 'wasm', engineDir: null, compileDir: null, limits: { memoryBytes: null },
    hyperparameters: {
      lora: { r: 16, alpha: 32, targets: 'all-linear' }, epochs: 3, batchSize: BATCH, learningRate: 'auto', warmup: 0.1, schedule: 'cosine', weightDecay: 0.01, maxLength: 128,
      quantisation: 'none', checkpoint: { steps: 1_000, seconds: 60 }, maxNewTokens: 1, loss: 'completion',
    },
  };
  await Promise.all([
    writeFile(path.join(dir, 'train.jsonl'), lines(START_ROWS)),
    writeFile(path.join(dir, 'exam.jsonl'), lines(500)),
    writeFile(path.join(dir, 'job.json'), JSON.stringify(job)),
  ]);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { base: { type: 'string' }, repeats: { type: 'string', default: '15' }, json: { type: 'boolean' } } });
  const rows = await loraRows(values.base, Number(values.repeats));
  if (values.json === true) console.log(JSON.stringify(rows));
  else for (const { name, figure, unit, goal, reached } of rows) console.log(`${name}: ${figure} ${unit} (goal ${goal}: ${reached ? 'reached' : 'missed'})`);
}
