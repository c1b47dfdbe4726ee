/**
 * LoRA on one core: the speed of a training step, counting 4 FLOP per frozen parameter (embeddings aside) and token, and utterances a
 * second. `node bench/lora.ts [--base FOLDER] [--json]`.
 */
import { parseArgs } from 'node:util';
import { initialValues, planAdapter } from '../src/lora/adapter.ts';
import type { Base } from '../src/lora/base.ts';
import { readBase } from '../src/lora/base.ts';
import type { EncodedRow } from '../src/lora/batches.ts';
import type { Member } from '../src/lora/member.ts';
import { createMember } from '../src/lora/member.ts';
import { architectureOf } from '../src/lora/models/index.ts';
import { random } from '../src/lora/random.ts';
import type { BenchRow } from './row.ts';

const LABELS = 64;
const BATCH = 32;
const REPEATS = 15;
const DEFAULT_BASE = new URL('../models/mini-encoder', import.meta.url).pathname;

/** Lengths of utterances: 12 tokens in the mean, as HWU64 has them. */
function utterances(count: number, vocabulary: number, length?: number): EncodedRow[] {
  const uniform = random(1, 'bench');
  return Array.from({ length: count }, () => ({
    tokens: Int32Array.from({ length: length ?? 6 + Math.floor(13 * uniform()) }, () => Math.floor(uniform() * vocabulary)),
    targets: Int32Array.of(Math.floor(uniform() * LABELS)),
    weight: 1,
  }));
}

/** The best of several runs: what the code can do when nobody else uses the core. */
function bestSeconds(work: () => void): number {
  work();
  let best = Infinity;
  for (let i = 0; i < REPEATS; i += 1) {
    const start = performance.now();
    work();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

function member(base: Base, use: 'train' | 'predict'): Member {
  const plan = planAdapter(architectureOf(base), { kind: 'sequence', outputs: LABELS, pooling: 'first' }, { r: 16, alpha: 32, targets: 'all-linear' });
  return createMember({ base, plan, use, values: initialValues(plan, 1), gradients: new Float32Array(plan.count) });
}

function row(name: string, figure: number, unit: string, goal?: number): BenchRow {
  return { name, figure: Math.round(figure * 10) / 10, unit, goal: goal === undefined ? 'none' : `${goal} or more`, reached: goal === undefined || figure >= goal };
}

export async function loraRows(basePath = DEFAULT_BASE): Promise<BenchRow[]> {
  const base = await readBase(basePath, null);
  const config = architectureOf(base);
  const frozen = config.linears.reduce((sum, { inputs, outputs }) => sum + inputs * outputs.reduce((all, count) => all + count, 0), 0);
  const [trainer, predictor] = [member(base, 'train'), member(base, 'predict')];
  const rows: BenchRow[] = [];
  for (const [name, count, length] of [['12-token utterances', BATCH, undefined], ['128-token texts', BATCH, 128]] as const) {
    const batch = utterances(count, config.vocabulary, length);
    const tokens = batch.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const step = bestSeconds(() => trainer.gradients(batch, count));
    const forward = bestSeconds(() => predictor.outputs(batch));
    rows.push(
      row(`LoRA step, wasm, one core, ${name}`, (4 * frozen * tokens) / step / 1e9, 'GFLOP/s', 18),
      row(`LoRA training, wasm, one core, ${name}`, count / step, 'rows/s'),
      row(`prediction, wasm, one core, ${name}`, count / forward, 'rows/s'),
    );
  }
  return rows;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { base: { type: 'string' }, json: { type: 'boolean' } } });
  const rows = await loraRows(values.base);
  if (values.json === true) console.log(JSON.stringify(rows));
  else for (const { name, figure, unit, goal, reached } of rows) console.log(`${name}: ${figure} ${unit} (goal ${goal}: ${reached ? 'reached' : 'missed'})`);
}
