/** One batch of 32 rows or 32 batches of one, packed or alone: the same loss, the same gradient, the same outputs. Others had it wrong for years. */
import { expect, test } from 'vitest';
import { referenceBackend } from '../../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../../src/lora/backends/wasm.ts';
import { pack } from '../../../src/lora/batches.ts';
import { contrast, contrastBatch } from '../../../src/lora/contrast.ts';
import { outputs, trainable } from '../../../src/lora/learner.ts';
import { createTeam } from '../../../src/lora/team.ts';
import { byName, distance, HEAD_CASES, learn } from './cases.ts';

test.each(byName(HEAD_CASES))('%s: 1 x 32 = 32 x 1', (_, each) => {
  const [whole, single] = [learn(referenceBackend(), each, Infinity), learn(referenceBackend(), each, 1)];
  expect(single.loss).toBeCloseTo(whole.loss, 12);
  // the gradient of a vector is float32 on its way between the two passes of a contrast
  expect(distance(single.gradient, whole.gradient)).toBeLessThan(each.plan.kind === 'pooled' ? 1e-6 : 1e-12);
  const [fast, fastSingle] = [learn(wasmBackend(), each, Infinity), learn(wasmBackend(), each, 1)];
  expect(distance(fast.gradient, whole.gradient)).toBeLessThan(1e-5);
  expect(distance(fastSingle.gradient, whole.gradient)).toBeLessThan(1e-5);
});

test.each(byName(HEAD_CASES))('%s: a row gives the same packed among others as alone', (_, { base, plan, values, rows }) => {
  const backend = referenceBackend();
  const model = trainable(backend, base, plan);
  model.block.write(values);
  const together = outputs(backend, model, pack(rows, Infinity, 1)[0]!);
  const alone = rows.flatMap((row) => outputs(backend, model, pack([row], Infinity, 1)[0]!));
  expect(together.length).toBe(rows.length);
  together.forEach((row, i) => expect(row.every((value, k) => Math.abs(value - alone[i]![k]!) < 1e-6)).toBe(true));
});

test.each(byName(HEAD_CASES.filter(({ name }) => /bert pooled|llama vocabulary|bert tokens/.test(name))))('%s: the workers of a team make the step that one makes', async (_, { base, plan, values, rows }) => {
  const step = async (workers: number): Promise<{ loss: number; norm: number; values: Float32Array }> => {
    const team = await createTeam({ base, plan, use: 'train', workers, values });
    const { loss, norm } = await team.step(rows, 1e-3);
    const after = team.values.slice();
    await team.close();
    return { loss, norm, values: after };
  };
  const [one, two, again] = [await step(1), await step(2), await step(2)];
  expect(two).toEqual(again);
  expect(two.loss).toBeCloseTo(one.loss, 5);
  expect(Math.abs(two.norm / one.norm - 1)).toBeLessThan(1e-4);
});

test('a contrast knows each document once: one that stands in a batch twice is not its own wrong answer', () => {
  const row = (query: number, document: number) => ({ tokens: Int32Array.of(query), targets: new Int32Array(0), weight: 1, documents: [Int32Array.of(document)] });
  const batch = contrastBatch([row(1, 7), row(2, 7), row(3, 8)]);
  expect(batch.texts.length).toBe(5);
  expect([...batch.targets]).toEqual([0, 0, 1]);
  const far = [1, 0, 0, 1, 0, 1].map((x, i, all) => Float32Array.of(x, all[(i + 1) % 6]!)).slice(0, 5);
  const { perQuery } = contrast(batch, far);
  expect(perQuery.every((loss) => loss >= 0)).toBe(true);
  // two queries of one document and nothing else: there is nothing to get wrong
  expect([...contrast(contrastBatch([row(1, 7), row(2, 7)]), far.slice(0, 3)).perQuery]).toEqual([0, 0]);
});
