/**
 * Our side of peft_curve.py: the losses of the same trainings from the same files, and how far they are from torch's; exits with 1 when the mean
 * curve of all folders, smoothed, is out of 1 %. One training alone says little in bfloat16: torch's own two types part as far.
 *
 *   node bench/gpu/curve.ts BINDING FOLDER... [--products bfloat16|float32] [--compile xla|off] [--cuda DIR] [--cache DIR]
 */
import { existsSync, readFileSync } from 'node:fs';
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
  options: { products: { type: 'string', default: 'bfloat16' }, compile: { type: 'string', default: 'xla' }, cuda: { type: 'string' }, cache: { type: 'string' } },
});
const [file, ...folders] = positionals as [string, ...string[]];

async function lossesOf(folder: string): Promise<number[]> {
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
  return losses;
}

type Losses = readonly number[];

function torch(folder: string, type: string): Losses | null {
  const name = path.join(folder, `torch-${type}.json`);
  return existsSync(name) ? (JSON.parse(readFileSync(name, 'utf8')) as { losses: number[] }).losses : null;
}

const mean = (curves: readonly Losses[]): Losses => curves[0]!.map((_, i) => curves.reduce((sum, losses) => sum + losses[i]!, 0) / curves.length);
const smooth = (losses: Losses): Losses => losses.slice(WINDOW - 1).map((_, i) => losses.slice(i, i + WINDOW).reduce((sum, loss) => sum + loss, 0) / WINDOW);
function distance(found: Losses, right: Losses): number {
  const smoothed = smooth(right);
  return Math.max(...smooth(found).map((loss, i) => Math.abs(loss / smoothed[i]! - 1)));
}

const ours: Losses[] = [];
for (const folder of folders) ours.push(await lossesOf(folder));
const theirs = folders.map((folder) => torch(folder, values.products)!);
const exact = folders.map((folder) => torch(folder, 'float32'));
const worst = distance(mean(ours), mean(theirs));
const known = exact.filter((losses) => losses !== null);
console.log(
  JSON.stringify({
    curve: worst < LIMIT,
    products: values.products,
    trainings: folders.length,
    steps: ours[0]!.length,
    last: [mean(ours).at(-1), mean(theirs).at(-1)],
    worst,
    worstOfEach: ours.map((losses, i) => distance(losses, theirs[i]!)),
    // How far each side's numbers are from torch's float32 ones.
    fromFloat32: known.length < folders.length ? null : { ours: distance(mean(ours), mean(known)), torch: distance(mean(theirs), mean(known)) },
  }),
);
process.exitCode = worst < LIMIT ? 0 : 1;
