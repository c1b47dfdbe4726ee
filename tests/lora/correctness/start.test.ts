/** Before the first step: a fresh adapter is the base, and what will be trained is what was promised. */
import { expect, test } from 'vitest';
import { initialValues, planAdapter } from '../../../src/lora/adapter.ts';
import { wasmBackend } from '../../../src/lora/backends/wasm.ts';
import { pack } from '../../../src/lora/batches.ts';
import { merged, outputs, trainable } from '../../../src/lora/learner.ts';
import { architectureOf } from '../../../src/lora/models/index.ts';
import { createTeam } from '../../../src/lora/team.ts';
import { byName, distance, HEAD_CASES } from './cases.ts';

test.each(byName(HEAD_CASES))('%s: at step 0 the outputs are those of the base', (_, { base, plan, rows }) => {
  const values = initialValues(plan, 7);
  const bare = values.slice();
  for (const { role, offset, rows: height, cols } of plan.slots.values()) if (role === 'A' || role === 'B') bare.fill(0, offset, offset + height * cols);
  const backend = wasmBackend();
  const batch = pack(rows, Infinity, 1)[0]!;
  const apart = trainable(backend, base, plan);
  apart.block.write(values);
  const found = outputs(backend, apart, batch);
  expect(found).toEqual(outputs(backend, merged(backend, base, plan, bare), batch));
  expect(found).toEqual(outputs(backend, merged(backend, base, plan, values), batch));
  expect(values).not.toEqual(bare);
});

/** By hand: per layer r (inputs + outputs) of every linear layer, and the head's weight and bias. */
const COUNTED: Readonly<Record<string, number>> = {
  // d 16, m 24, two layers: query, key, value and output 16 to 16, 16 to 24, 24 to 16
  'bert': 2 * 3 * (4 * (16 + 16) + (16 + 24) + (24 + 16)),
  // d 16, m 24, two layers, 4 heads and 2 key heads of width 8: q 16 to 32, k and v 16 to 16, o 32 to 16, gate and up 16 to 24, down 24 to 16
  'llama': 2 * 3 * (16 + 32 + 2 * (16 + 16) + 32 + 16 + 2 * (16 + 24) + 24 + 16),
};
const HEAD_COUNTED: Readonly<Record<string, number>> = {
  'bert sequence': 3 * 16 + 3,
  'bert multilabel': 3 * 16 + 3,
  'bert tokens': 5 * 16 + 5,
  'llama sequence': 3 * 16,
  'llama multilabel': 3 * 16,
  'llama tokens': 5 * 16 + 5,
};

test.each(byName(HEAD_CASES))('%s: trains exactly the parameters counted by hand, and a step moves all of them and nothing else', async (name, { base, plan, rows, values }) => {
  expect(plan.count).toBe(COUNTED[name.split(' ')[0]!]! + (HEAD_COUNTED[name] ?? 0));
  const team = await createTeam({ base, plan, use: 'train', workers: 1, values });
  const before = await team.outputs(rows.slice(0, 4));
  await team.step(rows, 1e-3);
  // A's gradient is never zero where B is not; only a class, tag or document that no row has stays
  const moved = team.values.reduce((count, value, i) => count + (value === values[i] ? 0 : 1), 0);
  expect(moved / plan.count).toBeGreaterThan(0.98);
  await team.restore({ step: 0, values, mean: new Float32Array(plan.count), square: new Float32Array(plan.count) });
  expect(await team.outputs(rows.slice(0, 4))).toEqual(before);
});

test('rsLoRA scales by the root of the rank, plain LoRA by the rank', () => {
  const { base, plan } = HEAD_CASES[0]!;
  const rs = planAdapter(architectureOf(base), plan, { r: 4, alpha: 8, targets: 'all-linear', rslora: true });
  expect(rs.scale).toBe(4);
  expect(planAdapter(architectureOf(base), plan, { r: 4, alpha: 8, targets: 'all-linear' }).scale).toBe(2);
  expect(distance([rs.scale], [8 / Math.sqrt(4)])).toBe(0);
});
