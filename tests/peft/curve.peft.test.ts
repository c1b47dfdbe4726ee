/** Two hundred steps of training side by side: the engine's losses stay with those of PyTorch and PEFT from the same start. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { initialValues, planAdapter } from '../../src/lora/adapter.ts';
import { adapterFiles, writeAdapter } from '../../src/lora/adapter-files.ts';
import { readBase } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import { rateAt } from '../../src/lora/optimizer.ts';
import { random } from '../../src/lora/random.ts';
import { createTeam } from '../../src/lora/team.ts';
import { baseFolder } from '../lora/golden-cases.ts';
import { PYTHON, WHERE, python, withFolder } from './support.ts';

const [STEPS, ROWS, RATE, WEIGHT_DECAY, VOCABULARY] = [200, 4, 5e-3, 0.01, 48];
/** The issue allows bf16 a hundredth; float32 on both sides stays far closer. */
const NEAR = 1e-3;

/** Something to learn: each token follows from the one before, a few at random. */
function batches(): EncodedRow[][] {
  const uniform = random(5, 'curve');
  const next = (token: number): number => (uniform() < 0.1 ? 3 + Math.floor(uniform() * (VOCABULARY - 3)) : 3 + ((token * 7) % (VOCABULARY - 3)));
  return Array.from({ length: STEPS }, () =>
    Array.from({ length: ROWS }, () => {
      const all = [3 + Math.floor(uniform() * (VOCABULARY - 3))];
      const length = 4 + Math.floor(uniform() * 12);
      while (all.length <= length) all.push(next(all.at(-1)!));
      return { tokens: Int32Array.from(all.slice(0, -1)), targets: Int32Array.from(all.slice(1), (token, i) => (i < 2 ? -1 : token)), weight: 0.5 + uniform() };
    }),
  );
}

describe.skipIf(PYTHON === null)(`a training beside PEFT's${WHERE}`, () => {
  test.each(['llama3', 'qwen3'])('%s: the losses of two hundred steps', async (name) => {
    const base = await readBase(baseFolder(name), null);
    const plan = planAdapter(architectureOf(base), { kind: 'vocabulary', outputs: 0, pooling: 'last' }, { r: 8, alpha: 16, targets: 'all-linear' });
    const values = initialValues(plan, 11);
    const rates = Array.from({ length: STEPS }, (_, step) => RATE * rateAt('cosine', step, STEPS, 0.1));
    const steps = batches();

    const theirs = await withFolder(async (folder) => {
      await cp(baseFolder(name), join(folder, 'base'), { recursive: true });
      await writeAdapter(join(folder, 'adapter'), adapterFiles(plan, { shape: plan.shape, kind: 'vocabulary', labels: [], pooling: 'last', quantisation: 'none', baseDigest: base.digest, maxLength: 32, values }, name));
      const plain = steps.map((rows) => rows.map(({ tokens, targets, weight }) => ({ tokens: Array.from(tokens), targets: Array.from(targets), weight })));
      await writeFile(join(folder, 'curve.json'), JSON.stringify({ weightDecay: WEIGHT_DECAY, clip: 1, rates, batches: plain }));
      await python('../../bench/gpu/peft_curve.py', folder);
      return (JSON.parse(await readFile(join(folder, 'torch-float32.json'), 'utf8')) as { losses: number[] }).losses;
    });

    const team = await createTeam({ base, plan, use: 'train', workers: 1, values, weightDecay: WEIGHT_DECAY });
    const ours: number[] = [];
    for (const [step, rows] of steps.entries()) ours.push((await team.step(rows, rates[step]!)).loss);
    await team.close();
    expect(ours.length).toBe(theirs.length);
    // It must have learnt, or staying together would mean little.
    expect(ours.at(-1)!).toBeLessThan(0.75 * ours[0]!);
    ours.forEach((loss, step) => expect(Math.abs(loss / theirs[step]! - 1), `step ${step}`).toBeLessThan(NEAR));
    console.log(`${name}: largest relative difference ${Math.max(...ours.map((loss, step) => Math.abs(loss / theirs[step]! - 1))).toExponential(1)}`);
  }, 600_000);
});
