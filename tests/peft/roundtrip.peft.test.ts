/** Adapters go to real PEFT and come from it: no key missing, none unexpected, the same outputs, for each head and architecture. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialValues } from '../../src/lora/adapter.ts';
import { ADAPTER_FILES, adapterFiles, refuseAdapter, writeAdapter } from '../../src/lora/adapter-files.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { Base } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { pack } from '../../src/lora/batches.ts';
import type { Learner } from '../../src/lora/learner.ts';
import { merged, outputs, parseAdapter, planOf, trainable } from '../../src/lora/learner.ts';
import type { HeadKind } from '../../src/lora/models/index.ts';
import type { Backend, Tensor } from '../../src/lora/ops.ts';
import { parseSafetensors, toFloat32 } from '../../src/lora/safetensors.ts';
import { createTeam } from '../../src/lora/team.ts';
import type { AdapterFiles } from '../../src/vocabulary.ts';
import type { GoldenCase } from '../lora/golden-cases.ts';
import { CASE_NAMES, baseFolder, distance, readCase } from '../lora/golden-cases.ts';
import { PYTHON, WHERE, python } from './support.ts';

const NEAR = 1e-4;
const STEPS = 3;

/** What the head gives before any target is looked at; of a language model the logits of all tokens. */
function numbersOf(b: Backend, { body, head }: Learner<Tensor>, kind: HeadKind, rows: readonly EncodedRow[]): number[] {
  const batch = pack(rows, Infinity, 1)[0]!;
  if (kind !== 'vocabulary') return outputs(b, { body, head } as Learner<Tensor>, batch).flatMap((row) => Array.from(row));
  return b.step(() => {
    const { hidden } = body.forward(batch.tokens, batch.positions, batch.layout);
    return Array.from(b.read(b.linear(hidden, { frozen: body.output!, lora: null }).y));
  });
}

/** Trains a new adapter on the case's rows and writes it with what the other side must know. */
async function train(folder: string, { base, plan, adapter, rows, ...golden }: GoldenCase, baseName: string): Promise<Float32Array> {
  const team = await createTeam({ base, plan, use: 'train', workers: 1, values: initialValues(plan, 7), weightDecay: 0.01 });
  for (let step = 0; step < STEPS; step += 1) await team.step(rows, 0.01);
  const values = Float32Array.from(team.values);
  await team.close();
  await writeAdapter(folder, adapterFiles(plan, { ...adapter, values }, baseName));
  const plain = rows.map(({ tokens, targets, weight }) => ({ tokens: Array.from(tokens), targets: Array.from(targets), weight }));
  await writeFile(join(folder, 'exchange.json'), JSON.stringify({ base: baseFolder(baseName), kind: golden.kind, pooling: golden.pooling, labels: plan.outputs, rslora: plan.shape.rslora, targets: plan.shape.targets, rows: plain }));
  return values;
}

async function numbersIn(folder: string): Promise<Float32Array> {
  const refuse = refuseAdapter(folder);
  return toFloat32('outputs', parseSafetensors(await readFile(join(folder, 'outputs.safetensors')), refuse).get('outputs')!, refuse).values;
}

describe.skipIf(PYTHON === null)(`round trip through PEFT${WHERE}`, () => {
  let root = '';
  const cases = new Map<string, { golden: GoldenCase; values: Float32Array }>();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'trimtab-peft-'));
    await mkdir(join(root, 'ours'));
    for (const name of CASE_NAMES) {
      const golden = await readCase(name);
      cases.set(name, { golden, values: await train(join(root, 'ours', name), golden, name.slice(0, name.lastIndexOf('-'))) });
    }
    await python('roundtrip.py', root);
  }, 600_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  test.each(CASE_NAMES)('%s: PEFT loads what the engine trained, key for key, and computes the same', async (name) => {
    const folder = join(root, 'ours', name);
    expect(JSON.parse(await readFile(join(folder, 'loaded.json'), 'utf8'))).toEqual({ missing: [], unexpected: [], different: [] });
    const { golden: { base, plan, rows }, values } = cases.get(name)!;
    const backend = wasmBackend() as unknown as Backend;
    const apart = trainable(backend, base, plan);
    apart.block.write(values);
    const theirs = await numbersIn(folder);
    expect(distance(numbersOf(backend, apart, plan.kind, rows), theirs)).toBeLessThan(NEAR);
    expect(distance(numbersOf(backend, merged(backend, base, plan, values), plan.kind, rows), theirs)).toBeLessThan(NEAR);
  });

  test.each(CASE_NAMES)('%s: the engine reads what PEFT made on "all-linear", and computes the same', async (name) => {
    const folder = join(root, 'theirs', name);
    const { golden: { base, adapter: { kind, labels, pooling, baseDigest, maxLength }, rows } } = cases.get(name)!;
    const files = await withHeader(folder, { version: 1, head: kind, labels, pooling, baseDigest, maxLength });
    const found = readTheirs(base, files, name);
    const backend = wasmBackend() as unknown as Backend;
    const theirs = await numbersIn(folder);
    expect(distance(numbersOf(backend, merged(backend, base, found.plan, found.values), kind, rows), theirs)).toBeLessThan(NEAR);
  });
});

/** PEFT knows nothing of trimtab.json. */
async function withHeader(folder: string, header: object): Promise<AdapterFiles> {
  const [config, weights] = await Promise.all([ADAPTER_FILES.config, ADAPTER_FILES.weights].map((file) => readFile(join(folder, file))));
  return { config: config!, weights: weights!, extra: { [ADAPTER_FILES.trimtab]: Buffer.from(JSON.stringify(header)) } };
}

function readTheirs(base: Base, files: AdapterFiles, name: string): { plan: ReturnType<typeof planOf>; values: Float32Array } {
  const adapter = parseAdapter(base, files, name);
  return { plan: planOf(base, adapter), values: adapter.values };
}
