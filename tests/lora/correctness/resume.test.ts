/** A training that was stopped goes on as if nothing had happened: the same bits, also in another process and team. */
import { expect, test } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../../src/lora/checkpoint.ts';
import { createTeam } from '../../../src/lora/team.ts';
import type { Snapshot, TrainOutcome, TrainSettings } from '../../../src/lora/train.ts';
import { train } from '../../../src/lora/train.ts';
import { probeRate } from '../../../src/lora/rate.ts';
import type { HeadCase } from './cases.ts';
import { byName, HEAD_CASES } from './cases.ts';

const SETTINGS: TrainSettings = { epochs: 3, batchSize: 7, learningRate: 5e-3, warmup: 0.1, schedule: 'cosine', seed: 4 };
const OF = 'this job';
/** 32 rows in batches of 7: five an epoch, the last of four rows. */
const STEPS = 15;

async function run({ base, plan, values, rows }: HeadCase, workers: number, stopAt: number | null, from: Snapshot | null): Promise<{ outcome: TrainOutcome; values: Float32Array; file: Uint8Array | null; losses: number[] }> {
  const team = await createTeam({ base, plan, use: 'train', workers, values, weightDecay: 0.01 });
  let file: Uint8Array | null = null;
  const losses: number[] = [];
  const outcome = await train(
    team,
    rows,
    SETTINGS,
    {
      onStep: ({ loss }) => losses.push(loss),
      afterStep: (step) => (step === stopAt ? 'stop' : step % 4 === 0 ? 'save' : 'go'),
      save: async (snapshot) => void (file = writeCheckpoint({ of: OF, learningRate: 5e-3, probe: null }, snapshot)),
    },
    from,
  );
  const after = team.values.slice();
  await team.close();
  return { outcome, values: after, file, losses };
}

const CHOSEN = HEAD_CASES.filter(({ name }) => ['bert sequence', 'bert pooled', 'llama vocabulary', 'llama tokens'].includes(name));

test.each(byName(CHOSEN))('%s: stopped at any step and gone on from its file, it ends with the same bits', async (_, each) => {
  const whole = await run(each, 1, null, null);
  expect(whole.outcome).toMatchObject({ steps: STEPS, stopped: false });
  for (const stop of [1, 5, 13, 14]) {
    const first = await run(each, 1, stop, null);
    expect(first.outcome).toMatchObject({ steps: stop, stopped: true });
    const { snapshot } = readCheckpoint(first.file!, OF)!;
    const rest = await run(each, 1, null, snapshot);
    expect(rest.values).toEqual(whole.values);
    expect(rest.outcome).toEqual(whole.outcome);
    expect([...first.losses, ...rest.losses]).toEqual(whole.losses);
  }
});

test('a team of two workers goes on with the same bits, too', async () => {
  const each = HEAD_CASES[0]!;
  const whole = await run(each, 2, null, null);
  const first = await run(each, 2, 6, null);
  expect((await run(each, 2, null, readCheckpoint(first.file!, OF)!.snapshot)).values).toEqual(whole.values);
});

test('saving changes nothing, and the file of another job or version is none', async () => {
  const each = HEAD_CASES[0]!;
  const { file } = await run(each, 1, 5, null);
  expect(readCheckpoint(file!, 'another job')).toBeNull();
  const damaged = file!.slice(0, -3);
  expect(() => readCheckpoint(damaged, OF)).toThrow(/checkpoint/);
});

test('the last, smaller batch of an epoch is learnt from like any other', async () => {
  const { base, plan, values, rows } = HEAD_CASES[0]!;
  const team = await createTeam({ base, plan, use: 'train', workers: 1, values });
  const sizes: number[] = [];
  const step = team.step.bind(team);
  const seen = new Map<object, number>();
  team.step = (batch, rate) => {
    sizes.push(batch.length);
    for (const row of batch) seen.set(row, (seen.get(row) ?? 0) + 1);
    return step(batch, rate);
  };
  await train(team, rows, SETTINGS);
  expect(sizes).toEqual([7, 7, 7, 7, 4, 7, 7, 7, 7, 4, 7, 7, 7, 7, 4]);
  expect([...seen.values()]).toEqual(rows.map(() => SETTINGS.epochs));
});

test('a probe leaves the team as it was, and says the same each time', async () => {
  const { base, plan, values, rows } = HEAD_CASES[0]!;
  const team = await createTeam({ base, plan, use: 'train', workers: 1, values });
  const before = await team.state();
  const { learningRate: _, ...settings } = SETTINGS;
  const probes = [await probeRate(team, 'sequence', rows, settings, 4e-3), await probeRate(team, 'sequence', rows, settings, 4e-3)];
  expect(await team.state()).toEqual(before);
  expect(probes[1]).toEqual(probes[0]);
  expect(probes[0]!.tried.map(({ learningRate }) => learningRate)).toEqual([2e-3, 4e-3, 8e-3]);
  const best = probes[0]!.tried.toSorted((a, b) => a.loss - b.loss)[0]!;
  expect(probes[0]!.learningRate).toBe(best.learningRate);
});
