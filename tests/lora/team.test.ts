import { expect, test } from 'vitest';
import { initialValues } from '../../src/lora/adapter.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { pack } from '../../src/lora/batches.ts';
import { decide } from '../../src/lora/heads/index.ts';
import { accumulate, trainable } from '../../src/lora/learner.ts';
import { normal, random } from '../../src/lora/random.ts';
import type { Team } from '../../src/lora/team.ts';
import { createTeam } from '../../src/lora/team.ts';
import type { Snapshot, TrainSettings } from '../../src/lora/train.ts';
import { train } from '../../src/lora/train.ts';
import { TINY, tinyBase, tinyPlan, tinyRows } from './tiny.ts';

const LABELS = 3;
const base = tinyBase();
const plan = tinyPlan(base, LABELS);
const uniform = random(1, 'team');
const values = initialValues(plan, 1).map((value) => value + 0.05 * normal(uniform));
const lengths = Array.from({ length: 40 }, () => 1 + Math.floor(uniform() * 20));
const rows = tinyRows(lengths, LABELS);
const settings: TrainSettings = { epochs: 2, batchSize: 8, learningRate: 5e-3, warmup: 0.1, schedule: 'linear', seed: 4 };

async function trained(workers: number, seed = 4): Promise<{ values: Float32Array; losses: number[] }> {
  const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers, values });
  const losses: number[] = [];
  try {
    await train(team, rows, { ...settings, seed }, { onStep: ({ loss }) => losses.push(loss) });
    return { values: team.values.slice(), losses };
  } finally {
    await team.close();
  }
}

const largest = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

test('the same seed and number of workers give the same bits; another seed does not; another number of workers nearly does', async () => {
  const [one, again, two, twoAgain, other] = [await trained(1), await trained(1), await trained(2), await trained(2), await trained(2, 5)];
  expect(again).toEqual(one);
  expect(twoAgain).toEqual(two);
  expect(other.values).not.toEqual(two.values);
  expect(largest(one.values, two.values)).toBeLessThan(1e-3);
  expect(one.losses.length).toBe(10);
});

test('training learns: rows whose label is their first token', async () => {
  const learnable: EncodedRow[] = rows.map((row, i) => ({ tokens: Int32Array.from([i % LABELS, ...row.tokens]), targets: Int32Array.of(i % LABELS), weight: 1 }));
  const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers: 1, values });
  await train(team, learnable, { ...settings, epochs: 20, learningRate: 1e-2 });
  const decisions = (await team.outputs(learnable)).map((logits) => decide(logits, 0, LABELS));
  expect(decisions.filter(({ best }, i) => best === i % LABELS).length).toBeGreaterThanOrEqual(38);
});

test('a fraction of an epoch is a fraction of its steps', async () => {
  const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers: 1, values });
  expect(await train(team, rows, { ...settings, epochs: 0.4 })).toMatchObject({ steps: 2 });
});

test('a team that deals its batches itself gets them as it dealt them, epoch by epoch', async () => {
  const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers: 1, values });
  const [asked, given]: [unknown[], (readonly EncodedRow[])[]] = [[], []];
  const deal: Team['deal'] = (of, batchSize) => {
    asked.push([of, batchSize]);
    let epochs = 0;
    return { batches: 3, epoch: () => [[0, 1, 2], [epochs++], [39]].map((numbers) => Int32Array.from(numbers)) };
  };
  const step: Team['step'] = (batch, rate) => {
    given.push(batch);
    return team.step(batch, rate);
  };
  expect(await train({ ...team, values, step, deal }, rows, settings)).toMatchObject({ steps: 6 });
  expect(asked).toEqual([[lengths, 8]]);
  expect(given).toEqual([[0, 1, 2], [0], [39], [0, 1, 2], [1], [39]].map((numbers) => numbers.map((i) => rows[i])));
});

test('steps that are reported late: the next begins before, a snapshot is of all steps so far, and a training that stops or goes on changes no bit', async () => {
  const play = async (late: boolean) => {
    const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers: 1, values });
    const [seen, saved]: [string[], Snapshot[]] = [[], []];
    const begin: Team['begin'] = async (batch, rate) => {
      const report = await team.step(batch, rate);
      seen.push('begun');
      return () => report;
    };
    const { step, outputs, state, restore, close } = team;
    const own: Team = { values, step, outputs, state, restore, close, ...(late ? { begin } : {}) };
    const hooks = (stopAt: number) => ({
      onStep: ({ step: done, loss }: { step: number; loss: number }) => void seen.push(`${done}: ${loss}`),
      afterStep: (done: number) => (done === stopAt ? 'stop' : done === 3 ? 'save' : 'go') as 'stop' | 'save' | 'go',
      save: (snapshot: Snapshot) => Promise.resolve(void saved.push({ ...snapshot, losses: [...snapshot.losses] })),
    });
    const stopped = await train(own, rows, settings, hooks(5));
    const whole = await train(own, rows, settings, hooks(0), saved.at(-1));
    const end = await team.state();
    await team.close();
    return { seen, told: { saved, stopped, whole, end, losses: seen.filter((each) => each !== 'begun') } };
  };
  const [late, atOnce] = [await play(true), await play(false)];
  expect(late.told).toEqual(atOnce.told);
  expect(late.told.saved.map(({ team }) => team.step)).toEqual([3, 5]);
  expect(late.told).toMatchObject({ stopped: { steps: 5, stopped: true }, whole: { steps: 10, stopped: false } });
  expect(late.seen.slice(0, 6).map((each) => each.replace(/:.*/, ''))).toEqual(['begun', 'begun', '1', 'begun', '2', '3']);
});

test('a loss that is not finite ends the training with the reason', async () => {
  const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers: 1, values: values.map((value) => value * 1e20) });
  await expect(train(team, rows, settings)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringContaining('step 1 of 10') as string });
});

/** Gradients of rows cut into micro-batches of at most `limit` tokens. */
function gradientsOf(some: readonly EncodedRow[], limit: number): { gradients: Float32Array; losses: number[]; live: number[] } {
  const backend = wasmBackend();
  const model = trainable(backend, base, plan);
  model.block.write(values);
  const live = [backend.liveTensors()];
  const losses: number[] = [];
  for (const batch of pack(some, limit, some.reduce((sum, row) => sum + row.weight, 0))) {
    losses.push(accumulate(backend, model, batch));
    live.push(backend.liveTensors());
  }
  const gradients = new Float32Array(plan.count);
  model.block.read(gradients);
  return { gradients, losses, live };
}

test('accumulation: one batch or many micro-batches, the same gradient', () => {
  const [whole, rowByRow] = [gradientsOf(rows, Infinity), gradientsOf(rows, 1)];
  expect(largest(whole.gradients, rowByRow.gradients) / Math.max(...whole.gradients.map(Math.abs))).toBeLessThan(1e-5);
});

test("a row's outputs do not depend on what shares its batch", async () => {
  const team = await createTeam({ base, plan, use: 'train', workers: 1, values });
  const together = await team.outputs(rows);
  for (const [i, row] of rows.entries()) (await team.outputs([row]))[0]!.forEach((logit, j) => expect(logit).toBeCloseTo(together[i]![j]!, 5));
});

test('the number of live tensors is the same after every step', () => {
  const { live } = gradientsOf(rows, 20);
  expect(live.length).toBeGreaterThan(10);
  expect(new Set(live).size).toBe(1);
});

test('a team of any size predicts alike, in the order of the rows, with the adapter merged or apart', async () => {
  const found = await Promise.all(
    ([['train', 1], ['predict', 1], ['train', 2]] as const).map(async ([use, workers]) => {
      const team = await createTeam({ base, plan, use, workers, values });
      const decisions = (await team.outputs(rows)).map((logits) => decide(logits, 0, LABELS));
      await team.close();
      return decisions;
    }),
  );
  for (const decisions of found) {
    expect(decisions.length).toBe(rows.length);
    decisions.forEach(({ probabilities }, i) => probabilities.forEach((p, j) => expect(p).toBeCloseTo(found[0]![i]!.probabilities[j]!, 4)));
  }
});

test.each([1, 2])('%i workers: what cannot be loaded is an error of the catalogue, also from a thread', async (workers) => {
  const wrong = { ...base, config: { ...base.config, hidden_size: TINY.d * 2 } };
  const start = createTeam({ base: wrong, plan, weightDecay: 0.01, use: 'train', workers, values });
  await expect(start).rejects.toMatchObject({ code: 'bad-base', message: expect.stringContaining('shape') as string });
  const team = await createTeam({ base, plan, weightDecay: 0.01, use: 'train', workers, values });
  const beyond = Array.from({ length: 4 }, () => ({ tokens: Int32Array.from([TINY.vocabulary]), targets: Int32Array.of(0), weight: 1 }));
  await expect(team.step(beyond, 1e-3)).rejects.toMatchObject({ code: 'bad-base', message: expect.stringContaining('token 50') as string });
  await team.close();
});
