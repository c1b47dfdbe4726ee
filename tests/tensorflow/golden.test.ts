/** Parity with PyTorch, transformers and PEFT on the tensorflow backend: op by op, and compiled by XLA in bins. */
import { describe, expect, test } from 'vitest';
import { createTensorflowTeam } from '../../src/lora/backends/tensorflow/team.ts';
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
});
