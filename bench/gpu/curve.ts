/**
 * Our side of peft_curve.py: the losses of the same training from the same files. Prints {"losses": [...]}, or with --against the distances from
 * torch's losses, and exits with 1 when the smoothed curve is out of 1 %.
 *
 *   node bench/gpu/curve.ts BINDING FOLDER [--products bfloat16|float32] [--compile xla|off] [--against LOSSES.json] [--cuda DIR] [--cache DIR]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ADAPTER_FILES } from '../../src/lora/adapter-files.ts';
import type { Compile } from '../../src/lora/backends/tensorflow/call.ts';
import { createTensorflowTeam } from '../../src/lora/backends/tensorflow/team.ts';
import { readBase } from '../../src/lora/base.ts';
import { parseAdapter, planOf } from '../../src/lora/learner.ts';

interface Curve {
  readonly weightDecay: number;
  readonly rates: readonly number[];
  readonly batches: readonly (readonly { readonly tokens: readonly number[]; readonly targets: readonly number[]; readonly weight: number }[])[];
}

/** Steps that are averaged before curves are compared: a single batch's loss differs by the order of sums. */
const WINDOW = 10;
const LIMIT = 0.01;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { products: { type: 'string', default: 'bfloat16' }, compile: { type: 'string', default: 'xla' }, against: { type: 'string' }, cuda: { type: 'string' }, cache: { type: 'string' } },
});
const [file, folder] = positionals as [string, string];
const read = (...names: string[]): Buffer => readFileSync(path.join(folder, ...names));
const curve = JSON.parse(read('curve.json').toString()) as Curve;
const base = await readBase(path.join(folder, 'base'), null);
const header = { version: 1, head: 'vocabulary', labels: [], pooling: 'last', baseDigest: base.digest, maxLength: 1024 };
const files = { config: read('adapter', ADAPTER_FILES.config), weights: read('adapter', ADAPTER_FILES.weights), extra: { [ADAPTER_FILES.trimtab]: Buffer.from(JSON.stringify(header)) } };
const adapter = parseAdapter(base, files, folder);

const team = await createTensorflowTeam({
  file,
  compileCache: values.cache ?? null,
  cudaDir: values.cuda ?? null,
  exact: values.products === 'float32',
  products: values.products as 'float32',
  compile: values.compile as Compile,
  base,
  plan: planOf(base, adapter),
  use: 'train',
  values: adapter.values,
  weightDecay: curve.weightDecay,
});
const losses: number[] = [];
for (const [i, batch] of curve.batches.entries()) {
  const rows = batch.map(({ tokens, targets, weight }) => ({ tokens: Int32Array.from(tokens), targets: Int32Array.from(targets), weight }));
  losses.push((await team.step(rows, curve.rates[i]!)).loss);
}
await team.close();

if (values.against === undefined) {
  console.log(JSON.stringify({ losses }));
} else {
  const right = (JSON.parse(readFileSync(values.against, 'utf8')) as { losses: number[] }).losses;
  const smooth = (all: readonly number[], i: number): number => all.slice(i, i + WINDOW).reduce((sum, loss) => sum + loss, 0) / WINDOW;
  const distances = Array.from({ length: losses.length - WINDOW + 1 }, (_, i) => Math.abs(smooth(losses, i) / smooth(right, i) - 1));
  const worst = Math.max(...distances);
  console.log(JSON.stringify({ curve: worst < LIMIT, products: values.products, steps: losses.length, first: [losses[0], right[0]], last: [losses.at(-1), right.at(-1)], worst, worstSingle: Math.max(...losses.map((loss, i) => Math.abs(loss / right[i]! - 1))) }));
  process.exitCode = worst < LIMIT ? 0 : 1;
}
