/** Teams whose members compute with TensorFlow on a CPU, each in a thread of its own: as teams on wasm do (tests/lora/team.test.ts). */
import { describe, expect, test } from 'vitest';
import { loadBinding } from '../../src/lora/backends/tensorflow/binding.ts';
import type { Team } from '../../src/lora/team.ts';
import { createTeam } from '../../src/lora/team.ts';
import type { Snapshot } from '../../src/lora/train.ts';
import { train } from '../../src/lora/train.ts';
import { readCase } from '../lora/golden-cases.ts';
import { backend, engine } from './engine.ts';

const { gpu, threadSafe } = engine === null ? { gpu: true, threadSafe: false } : backend({ cores: 2 });
const SIZES = threadSafe ? [1, 2] : [1];
const SETTINGS = { epochs: 4, batchSize: 3, learningRate: 1e-2, warmup: 0.1, schedule: 'cosine', seed: 3 } as const;
const tensorflow = { file: engine?.file ?? '', compileCache: null, cudaDir: null, exact: true, cores: 2 };
const golden = await readCase('bert-sequence');
const { base, plan, adapter, rows } = golden;

async function withTeam<R>(workers: number, use: 'train' | 'predict', body: (team: Team) => Promise<R>, values = adapter.values): Promise<R> {
  const team = await createTeam({ tensorflow, base, plan, use, workers, values, weightDecay: 0.01 });
  return body(team).finally(() => team.close());
}

/** Losses, the end, and the state after three steps. */
const trained = (workers: number, from: Snapshot | null = null): Promise<{ losses: number[]; values: Float32Array; saved: Snapshot | null }> =>
  withTeam(workers, 'train', async (team) => {
    const losses: number[] = [];
    let saved: Snapshot | null = null;
    await train(team, rows, SETTINGS, { onStep: ({ loss }) => void losses.push(loss), afterStep: (step) => (step === 3 ? 'save' : 'go'), save: (snapshot) => Promise.resolve(void (saved = { ...snapshot, losses: [...snapshot.losses] })) }, from);
    return { losses, values: team.values.slice(), saved };
  });

const largest = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.skipIf(engine === null || gpu)('teams on TensorFlow', () => {
  test.each(SIZES)('%i members: the same seed gives the same bits, and from a state a training goes on to them', async (workers) => {
    const [one, again] = [await trained(workers), await trained(workers)];
    expect(again).toEqual(one);
    const rest = await trained(workers, one.saved);
    expect(rest.values).toEqual(one.values);
    expect(rest.losses).toEqual(one.losses.slice(3));
  });

  test.skipIf(!threadSafe)('two members make the steps that one makes', async () => {
    const [one, two] = [await trained(1), await trained(2)];
    expect(two.losses.length).toBe(one.losses.length);
    two.losses.forEach((loss, i) => expect(loss).toBeCloseTo(one.losses[i]!, 4));
    expect(largest(one.values, two.values)).toBeLessThan(1e-3);
  });

  test.each(SIZES)('%i members: twelve steps give the losses of PyTorch', async (workers) => {
    const { steps, rate, warmup, weightDecay, schedule, losses } = golden.training!;
    const team = await createTeam({ tensorflow, base, plan, use: 'train', workers, values: adapter.values, weightDecay });
    const found: number[] = [];
    await train(team, rows, { epochs: steps, batchSize: rows.length, learningRate: rate, warmup, schedule, seed: 1 }, { onStep: ({ loss }) => found.push(loss) });
    await team.close();
    expect(found.length).toBe(steps);
    found.forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 4));
  });

  test.each(SIZES)('%i members: outputs come in the order of the rows, with the adapter merged or apart', async (workers) => {
    const [apart, merged] = [await withTeam(workers, 'train', (team) => team.outputs(rows)), await withTeam(workers, 'predict', (team) => team.outputs(rows))];
    const right = Array.from({ length: rows.length }, (_, i) => golden.outputs.slice((i * golden.outputs.length) / rows.length, ((i + 1) * golden.outputs.length) / rows.length));
    for (const found of [apart, merged]) found.forEach((part, i) => part.forEach((value, j) => expect(value).toBeCloseTo(right[i]![j]!, 4)));
  });

  test.each(SIZES)('%i members: a number that is not finite is learnt by nobody and named with its layer, or with the gradient where it arose', async (workers) => {
    const broken = adapter.values.slice();
    broken[plan.slots.values().next().value!.offset] = NaN;
    await withTeam(workers, 'train', async (team) => {
      const { loss, layer } = await team.step(rows, 1e-2);
      expect(Number.isFinite(loss)).toBe(false);
      expect(layer).toContain('query');
      expect(await team.state()).toMatchObject({ step: 0, values: broken });
    }, broken);

    const steep = adapter.values.slice();
    for (const { key, role, offset, rows: height, cols } of plan.slots.values()) {
      const part = steep.subarray(offset, offset + height * cols);
      // With an A of zeros the way there is that of the base; on the way back B meets the large gradient that the head gives.
      if (key.includes('layer.1.output.dense.lora')) part.fill(role === 'A' ? 0 : 1e38);
      if (role === 'head') part.forEach((value, i) => (part[i] = value * 1e20));
    }
    await withTeam(workers, 'train', async (team) => {
      const { loss, norm, layer } = await team.step(rows, 1e-3);
      expect([Number.isFinite(loss), Number.isFinite(norm)]).toEqual([true, false]);
      expect(layer).toMatch(/layer\.1\.output\.dense\.lora_A/);
    }, steep);
  });

  test('a team of one frees all its tensors as it closes; a team of two leaves none in this thread', async () => {
    const binding = loadBinding(tensorflow);
    const before = binding.getNumOfTensors();
    for (const workers of SIZES) {
      await withTeam(workers, 'train', async (team) => {
        const live: number[] = [];
        for (let i = 0; i < 4; i += 1) {
          await team.step(rows, 1e-3);
          live.push(binding.getNumOfTensors());
        }
        expect(new Set(live.slice(1)).size).toBe(1);
      });
      expect(binding.getNumOfTensors()).toBe(before);
    }
  });

  test.skipIf(!threadSafe)('what cannot be loaded is an error of the catalogue, also from a thread, and ends the other members', async () => {
    const wrong = { ...base, config: { ...base.config, hidden_size: Number(base.config['hidden_size']) * 2 } };
    await expect(createTeam({ tensorflow, base: wrong, plan, use: 'train', workers: 2, values: adapter.values })).rejects.toMatchObject({ code: 'bad-base' });
    await expect(createTeam({ tensorflow: { ...tensorflow, file: '/none.node' }, base, plan, use: 'train', workers: 2, values: adapter.values })).rejects.toMatchObject({ code: 'bad-config' });
  });

  test.skipIf(!threadSafe)('members of several teams, one after the other and side by side, disturb nobody', async () => {
    const steps = (): Promise<number> => withTeam(2, 'train', async (team) => (await team.step(rows, 1e-3)).loss);
    const alone = await steps();
    expect(await Promise.all([steps(), steps()])).toEqual([alone, alone]);
    expect(await steps()).toBe(alone);
  });
});
