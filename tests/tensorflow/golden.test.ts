/** Parity with PyTorch, transformers and PEFT on the tensorflow backend: op by op, and compiled by XLA in bins. */
import { describe, expect, test } from 'vitest';
import { createTensorflowTeam } from '../../src/lora/backends/tensorflow/team.ts';
import type { Team } from '../../src/lora/team.ts';
import type { Snapshot } from '../../src/lora/train.ts';
import { train } from '../../src/lora/train.ts';
import { CASE_NAMES, readCase } from '../lora/golden-cases.ts';
import { backend, engine } from './engine.ts';
import { compare, trainGolden } from './golden.ts';

/** The same limits as other backends have. */
const NEAR = { loss: 1e-5, outputs: 1e-5, gradient: 5e-5 };
/** XLA needs seconds for each on a CPU: one of each architecture, with every option of a layer. bench/gpu runs them all. */
const COMPILED = CASE_NAMES.filter((name) => /^bert-sequence|qwen3/.test(name));

describe.skipIf(engine === null)('tensorflow', () => {
  test.each([...CASE_NAMES.map((name) => [name, 'off'] as const), ...COMPILED.map((name) => [name, 'xla'] as const)])('%s, compile %s: outputs, loss and every gradient are those of PyTorch', async (name, compile) => {
    const b = backend({ compile });
    const found = compare(b, await readCase(name));
    for (const part of ['loss', 'outputs', 'gradient'] as const) expect(found[part], part).toBeLessThan(NEAR[part]);
    b.dispose();
  });

  test('several layers in one function, and the block in one vector: the same numbers', async () => {
    const b = backend({ compile: 'xla', layersPerCall: 2 });
    const golden = await readCase('llama-multilabel');
    expect(golden.base.config['num_hidden_layers']).toBe(2);
    const found = compare(b, golden);
    for (const part of ['loss', 'outputs', 'gradient'] as const) expect(found[part], part).toBeLessThan(NEAR[part]);
    b.dispose();
  });

  test.each([['bert-sequence', 'off'], ['llama-vocabulary', 'off'], ['bert-sequence', 'xla']] as const)('%s, compile %s: twelve steps of the optimizer on the device give the losses of PyTorch', async (name, compile) => {
    const golden = await readCase(name);
    const found = await trainGolden(backend({ compile }), golden);
    expect(found.length).toBe(golden.training!.steps);
    found.forEach((loss, i) => expect(loss).toBeCloseTo(golden.training!.losses[i]!, 4));
  });

  test('a team goes on from a state to the same bits, changes nothing on a number that is not finite and names the layer, and leaks nothing', async () => {
    const { base, plan, adapter, rows } = await readCase('bert-sequence');
    const b = backend();
    const team = await createTensorflowTeam({ file: '', compileCache: null, cudaDir: null, exact: true, backend: b, base, plan, use: 'train', values: adapter.values });
    await team.step(rows, 1e-2);
    const state = await team.state();
    const live = b.liveTensors();
    const first = await team.step(rows, 1e-2);
    const values = team.values.slice();
    expect(b.liveTensors()).toBe(live);
    await team.restore(state);
    expect(await team.step(rows, 1e-2)).toEqual(first);
    expect(team.values).toEqual(values);

    const broken = state.values.slice();
    broken[plan.slots.values().next().value!.offset] = NaN;
    await team.restore({ ...state, values: broken });
    const report = await team.step(rows, 1e-2);
    expect(Number.isFinite(report.loss)).toBe(false);
    expect(report.layer).toContain('query');
    expect((await team.state()).step).toBe(state.step);
    await team.close();
    expect(b.liveTensors()).toBe(0);
  });

  test('a step that begins before the last one is reported changes no bit, and a snapshot is of whole steps', async () => {
    const { base, plan, adapter, rows } = await readCase('bert-sequence');
    const settings = { epochs: 8, batchSize: 2, learningRate: 1e-2, warmup: 0.1, schedule: 'cosine', seed: 3 } as const;
    const outcomes = [];
    for (const ahead of [true, false]) {
      const { begin, ...plain } = await createTensorflowTeam({ file: '', compileCache: null, cudaDir: null, exact: true, backend: backend(), base, plan, use: 'train', values: adapter.values });
      expect(begin).toBeTypeOf('function');
      // A copy would have read `values` once and for all.
      const team: Team = Object.defineProperty(ahead ? { ...plain, begin: begin! } : plain, 'values', { get: () => new Float32Array(0) });
      const [seen, saved]: [number[], Snapshot[]] = [[], []];
      await train(team, rows, settings, { onStep: ({ loss }) => void seen.push(loss), afterStep: (step) => (step % 3 === 0 ? 'save' : 'go'), save: (snapshot) => Promise.resolve(void saved.push(snapshot)) });
      outcomes.push({ seen, saved, end: await team.state() });
      await team.close();
    }
    expect(outcomes[0]!.saved.map(({ team }) => team.step)).toEqual(Array.from({ length: outcomes[0]!.saved.length }, (_, i) => 3 * (i + 1)));
    expect(outcomes[0]!.saved.length).toBeGreaterThan(1);
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  test('a gradient that overflows ends a training that is one step ahead with the step and the layer', async () => {
    const { base, plan, adapter, rows } = await readCase('bert-sequence');
    const values = adapter.values.slice();
    for (const { key, role, offset, rows: height, cols } of plan.slots.values()) {
      const part = values.subarray(offset, offset + height * cols);
      // With an A of zeros the way there is that of the base; on the way back B meets the large gradient that the head gives.
      if (key.includes('layer.1.output.dense.lora')) part.fill(role === 'A' ? 0 : 1e38);
      if (role === 'head') part.forEach((value, i) => (part[i] = value * 1e20));
    }
    const team = await createTensorflowTeam({ file: '', compileCache: null, cudaDir: null, exact: true, backend: backend(), base, plan, use: 'train', values });
    expect((await team.step(rows, 1e-3)).norm).not.toBeLessThan(Infinity);
    // the optimizer counts the steps that it took
    expect(await team.state()).toMatchObject({ step: 0 });
    const run = train(team, rows, { epochs: 4, batchSize: rows.length, learningRate: 1e-3, warmup: 0, schedule: 'cosine', seed: 1 });
    await expect(run).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/at step 1 of 4, first in .*layer\.1\.output\.dense\.lora_A/) as string });
    expect(team.values).toEqual(values);
    await team.close();
  });
});
