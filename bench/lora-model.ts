/** What the measurements of the engine are of: utterances and texts of random tokens, a classifier of 64 labels on a base. */
import { initialValues, planAdapter, type Plan } from '../src/lora/adapter.ts';
import type { Base } from '../src/lora/base.ts';
import type { EncodedRow } from '../src/lora/batches.ts';
import { architectureOf } from '../src/lora/models/index.ts';
import { normal, random } from '../src/lora/random.ts';
import type { BenchRow } from './row.ts';

export const BATCH = 32;
export const RATE = 1e-4;
export const DEFAULT_BASE = new URL('../models/mini-encoder', import.meta.url).pathname;
const LABELS = 64;
/** Of what B is made of, so that all of the adapter has a gradient. */
const DEVIATION = 0.02;

/** Lengths of utterances: 12 tokens in the mean, as HWU64 has them. */
export function utterances(count: number, vocabulary: number, length?: number): EncodedRow[] {
  const uniform = random(1, 'bench');
  return Array.from({ length: count }, () => ({
    tokens: Int32Array.from({ length: length ?? 6 + Math.floor(13 * uniform()) }, () => Math.floor(uniform() * vocabulary)),
    targets: Int32Array.of(Math.floor(uniform() * LABELS)),
    weight: 1,
  }));
}

/** The shapes that are measured. */
export const SHAPES = [['12-token utterances', undefined], ['128-token texts', 128]] as const;

export function classifier(base: Base): { plan: Plan; values: Float32Array } {
  const plan = planAdapter(architectureOf(base), { kind: 'sequence', outputs: LABELS, pooling: 'first' }, { r: 16, alpha: 32, targets: 'all-linear' });
  const values = initialValues(plan, 1);
  const uniform = random(2, 'bench');
  for (const { role, offset, rows, cols } of plan.slots.values()) if (role === 'B') for (let i = 0; i < rows * cols; i += 1) values[offset + i] = DEVIATION * normal(uniform);
  return { plan, values };
}

/** 4 FLOP for each frozen parameter, embeddings aside, and token. */
export function flopOf(base: Base, rows: readonly EncodedRow[]): number {
  const frozen = architectureOf(base).linears.reduce((sum, { inputs, outputs }) => sum + inputs * outputs.reduce((all, count) => all + count, 0), 0);
  return 4 * frozen * rows.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

/** The best of several runs of each, taken in turns: what the code can do when nobody else uses the cores. The first run of each is not counted. */
export async function bestSeconds(works: readonly (() => unknown)[], repeats: number): Promise<number[]> {
  const best = works.map(() => Infinity);
  for (let i = 0; i <= repeats; i += 1) {
    for (const [j, work] of works.entries()) {
      const start = performance.now();
      await work();
      if (i > 0) best[j] = Math.min(best[j]!, (performance.now() - start) / 1000);
    }
  }
  return best;
}

export function benchRow(name: string, figure: number, unit: string, goal?: number): BenchRow {
  return { name, figure: Math.round(figure * 100) / 100, unit, goal: goal === undefined ? 'none' : `${goal} or more`, reached: goal === undefined || figure >= goal };
}
