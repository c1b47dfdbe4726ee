/** A training that goes wrong says so at once and where; one that goes well keeps nothing. */
import { expect, test } from 'vitest';
import { wasmBackend } from '../../../src/lora/backends/wasm.ts';
import { createTeam } from '../../../src/lora/team.ts';
import { train } from '../../../src/lora/train.ts';
import { byName, HEAD_CASES, learn } from './cases.ts';

test.each(byName(HEAD_CASES))('%s: as many tensors are alive after a step as before it', (_, each) => {
  const { live } = learn(wasmBackend(), each, 20);
  expect(live.length).toBeGreaterThan(8);
  expect(new Set(live).size).toBe(1);
});

/** The low-rank part of one layer, grown until its product overflows. */
function broken(name: string, key: RegExp): { each: (typeof HEAD_CASES)[number]; values: Float32Array } {
  const each = HEAD_CASES.find((one) => one.name === name)!;
  const values = each.values.slice();
  for (const slot of each.plan.slots.values()) if (key.test(slot.key)) values.fill(3e38, slot.offset, slot.offset + slot.rows * slot.cols);
  return { each, values };
}

test.each([
  ['bert sequence', /layer\.1\.attention\.output\.dense\.lora/, 'encoder.layer.1.attention.output.dense'],
  ['bert pooled', /layer\.0\.intermediate\.dense\.lora/, 'encoder.layer.0.intermediate.dense'],
  ['llama vocabulary', /layers\.1\.mlp\.down_proj\.lora/, 'layers.1.mlp.down_proj'],
])('%s: a number that is no number any more ends the training with the step and the layer, and is learnt by nobody', async (name, key, layer) => {
  const { each: { base, plan, rows }, values } = broken(name, key);
  for (const workers of [1, 2]) {
    const team = await createTeam({ base, plan, use: 'train', workers, values });
    const run = train(team, rows, { epochs: 2, batchSize: 8, learningRate: 1e-3, warmup: 0, schedule: 'cosine', seed: 1 });
    await expect(run).rejects.toMatchObject({ code: 'bad-data', message: expect.stringContaining(`at step 1 of 8, first in ${layer}; a learning rate below 0.001`) as string });
    expect(team.values).toEqual(values);
    await team.close();
  }
});

test('a gradient that overflows on its way back is found where it did', async () => {
  const { base, plan, rows, values: usual } = HEAD_CASES.find(({ name }) => name === 'bert sequence')!;
  const values = usual.slice();
  for (const { key, role, offset, rows: height, cols } of plan.slots.values()) {
    const part = values.subarray(offset, offset + height * cols);
    // With an A of zeros the way there is that of the base; on the way back B meets the large gradient that the head gives.
    if (key.includes('layer.1.output.dense.lora')) part.fill(role === 'A' ? 0 : 1e38);
    if (role === 'head') part.forEach((value, i) => (part[i] = value * 1e20));
  }
  const team = await createTeam({ base, plan, use: 'train', workers: 1, values });
  const { loss, norm, layer } = await team.step(rows, 1e-3);
  expect(Number.isFinite(loss)).toBe(true);
  expect(Number.isFinite(norm)).toBe(false);
  expect(layer).toBe('base_model.model.bert.encoder.layer.1.output.dense.lora_A.weight');
  expect(team.values).toEqual(values);
});
