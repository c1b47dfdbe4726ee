/**
 * Our LoRA step beside the same model trained by TensorFlow.js's own autodiff, in the same process, one thread each, on its wasm and its cpu backend.
 * `node bench/autodiff.ts [--base FOLDER] [--dir CACHE] [--repeats N] [--json]`; TensorFlow.js is installed into the cache folder when it is not there.
 */
import { parseArgs } from 'node:util';
import { readBase, type Base } from '../src/lora/base.ts';
import type { EncodedRow } from '../src/lora/batches.ts';
import { messageOf } from '../src/errors.ts';
import { architectureOf } from '../src/lora/models/index.ts';
import { createTeam } from '../src/lora/team.ts';
import { autodiffEncoder } from './autodiff/encoder.ts';
import { loadTfjs, type Tfjs } from './autodiff/tfjs.ts';
import { BATCH, benchRow, bestSeconds, classifier, DEFAULT_BASE, flopOf, utterances } from './lora-model.ts';
import type { BenchRow } from './row.ts';

const RATE = 1e-4;
/** Two programs that compute the same differ by rounding alone. */
const NEAR = 1e-3;
/** Autodiff keeps all that it makes until the step ends, and a tfjs wasm heap cannot hold that of 32 texts of 128 tokens; the cpu backend takes minutes for 32 utterances. */
const CASES = [['wasm', '12-token utterances', BATCH, undefined], ['wasm', '128-token texts', 8, 128], ['cpu', '12-token utterances', 4, undefined]] as const;

interface Options {
  readonly base?: string;
  readonly dir?: string;
  readonly repeats?: number;
}

/** No rows where TensorFlow.js is neither there nor can be installed. */
export async function autodiffRows({ base: basePath = DEFAULT_BASE, dir, repeats = 5 }: Options = {}): Promise<BenchRow[]> {
  const tf = await loadTfjs(dir).catch((error: unknown) => {
    process.stderr.write(`autodiff: left out, TensorFlow.js cannot be installed (${messageOf(error)})\n`);
    return null;
  });
  if (tf === null) return [];
  const base = await readBase(basePath, null);
  const { vocabulary } = architectureOf(base);
  const rows: BenchRow[] = [];
  for (const [backend, name, count, length] of CASES) rows.push(...(await compare(tf, backend, base, utterances(count, vocabulary, length), `${count} ${name} a step`, backend === 'cpu' ? 1 : repeats)));
  return rows;
}

async function compare(tf: Tfjs, backend: 'wasm' | 'cpu', base: Base, batch: readonly EncodedRow[], name: string, repeats: number): Promise<BenchRow[]> {
  await tf.setBackend(backend);
  await tf.ready();
  const { plan, values } = classifier(base);
  const ours = await createTeam({ base, plan, use: 'train', workers: 1, values });
  const theirs = autodiffEncoder(tf, base, plan, values, RATE);
  try {
    const [mine, other] = [await ours.step(batch, RATE), theirs.step(batch)];
    for (const what of ['loss', 'norm'] as const) {
      if (Math.abs(mine[what] - other[what]) > NEAR * Math.abs(mine[what])) throw new Error(`autodiff on ${backend} computes something else: ${what} ${other[what]}, ours ${mine[what]}`);
    }
    const [own, autodiff] = (await bestSeconds([() => ours.step(batch, RATE), () => theirs.step(batch)], repeats)) as [number, number];
    return [
      benchRow(`whole LoRA step, tfjs autodiff on ${backend}, one core, ${name}`, flopOf(base, batch) / autodiff / 1e9, 'GFLOP/s'),
      benchRow(`whole LoRA step, ours against tfjs autodiff on ${backend}, ${name}`, autodiff / own, 'times', 8),
    ];
  } finally {
    theirs.dispose();
    await ours.close();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { base: { type: 'string' }, dir: { type: 'string' }, repeats: { type: 'string' }, json: { type: 'boolean' } } });
  const { base, dir, repeats } = values;
  const rows = await autodiffRows({ ...(base === undefined ? {} : { base }), ...(dir === undefined ? {} : { dir }), ...(repeats === undefined ? {} : { repeats: Number(repeats) }) });
  if (values.json === true) console.log(JSON.stringify(rows));
  else for (const { name, figure, unit, goal, reached } of rows) console.log(`${name}: ${figure} ${unit} (goal ${goal}: ${reached ? 'reached' : 'missed'})`);
}
