/** The learning rate where nobody chose one: a rule, or a probe around it. */
import type { EncodedRow } from './batches.ts';
import { contrast, contrastBatch } from './contrast.ts';
import { HEADS, totalWeight } from './heads/index.ts';
import type { HeadKind } from './models/index.ts';
import { random, shuffle } from './random.ts';
import type { Team } from './team.ts';
import { stepsOf, train } from './train.ts';
import type { TrainSettings } from './train.ts';

const AUTO = { scale: 0.04, least: 1e-3, most: 5e-3, warm: 0.5, width: 256, power: 0.775 } as const;

/**
 * The peak rate by the length of the run: short runs need a higher one. Measured on models/mini-encoder, r 16, HWU64 (1,076 test rows):
 * 60 steps: 0.45, 0.57, 0.65, 0.66, 0.65 accuracy at 1, 2, 4, 6, 8e-3; 150 steps: 0.769, 0.784, 0.770 at 2, 4, 6e-3; 930 steps: best at
 * 1 to 2e-3 (this rule: 0.888, mean of three seeds), and on harder tasks 2e-3 can fall apart (the model's card). Wider models want less, as
 * width^-0.775 ("LoRA Without Regret", Schulman et al. 2025); at 2,048 that is their 4 to 5e-4. An adapter that has learned already starts at half.
 */
export function autoRate(steps: number, warm: boolean, hidden: number): number {
  const byLength = Math.min(AUTO.most, Math.max(AUTO.least, AUTO.scale / Math.sqrt(steps)));
  return byLength * Math.min(1, (AUTO.width / hidden) ** AUTO.power) * (warm ? AUTO.warm : 1);
}

export interface Probe {
  readonly learningRate: number;
  readonly tried: readonly { readonly learningRate: number; readonly loss: number }[];
}

const FACTORS = [0.5, 1, 2] as const;
/** Of the run's steps, for each point. */
const SHARE = 0.05;
const HELD_OUT = { share: 0.1, most: 512 } as const;

/**
 * Trains from the team's present state for a twentieth of the steps with half, all and twice `centre`, each with its own warm-up and decay, and
 * takes the rate with the lowest loss on rows held out of the train side. The team is left as it was.
 *
 * It is no default: so short a run flatters high rates. Measured on models/mini-encoder, HWU64, r 16, three epochs, one seed, accuracy on 1,076 test
 * rows: 600 rows (57 steps): 0.649 by the rule, 0.549 by the probe; 2,000 rows (189 steps): 0.798 and 0.745. Both times it took twice the
 * rule's rate. It is for bases and tasks of which the rule knows nothing.
 */
export async function probeRate(team: Team, kind: HeadKind, rows: readonly EncodedRow[], settings: Omit<TrainSettings, 'learningRate'>, centre: number): Promise<Probe> {
  const order = shuffle(Int32Array.from(rows.keys()), random(settings.seed, 'probe'));
  const held = Math.min(HELD_OUT.most, Math.floor(rows.length * HELD_OUT.share));
  if (held < 1) return { learningRate: centre, tried: [] };
  const [validation, training] = [order.subarray(0, held), order.subarray(held)].map((part) => Array.from(part, (i) => rows[i]!)) as [EncodedRow[], EncodedRow[]];
  const steps = Math.max(1, Math.round(stepsOf(rows.length, settings) * SHARE));
  const epochs = steps / Math.ceil(training.length / settings.batchSize);
  const before = await team.state();
  const tried: { learningRate: number; loss: number }[] = [];
  for (const factor of FACTORS) {
    const learningRate = centre * factor;
    // A rate at which numbers overflow has lost.
    const loss = await train(team, training, { ...settings, epochs, learningRate }).then(() => meanLoss(team, kind, validation), () => Infinity);
    tried.push({ learningRate, loss: Number.isFinite(loss) ? loss : Number.MAX_VALUE });
    await team.restore(before);
  }
  return { learningRate: tried.reduce((best, each) => (each.loss < best.loss ? each : best)).learningRate, tried };
}

/** Weighted mean loss of rows, nats. */
async function meanLoss(team: Team, kind: HeadKind, rows: readonly EncodedRow[]): Promise<number> {
  if (kind === 'pooled') {
    const batch = contrastBatch(rows);
    const { perQuery } = contrast(batch, await team.outputs(batch.texts));
    return perQuery.reduce((sum, loss, i) => sum + loss * batch.shares[i]!, 0);
  }
  const outputs = await team.outputs(rows);
  const sum = rows.reduce((total, row, i) => total + row.weight * HEADS[kind].terms(row) * (HEADS[kind].loss(row, outputs[i]!) ?? 0), 0);
  return sum / (totalWeight(kind, rows) || 1);
}
