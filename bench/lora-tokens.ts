/** How much of what a step computes are tokens of rows, and how much only fills a shape: over an epoch, as the teams cut their batches. */
import { deal, packBins } from '../src/lora/backends/tensorflow/bins.ts';
import { LEAST_WIDTH, MICRO_BATCH } from '../src/lora/backends/tensorflow/team.ts';
import { epochBatches, pack, type Batch, type EncodedRow } from '../src/lora/batches.ts';
import { MICRO_BATCH_TOKENS } from '../src/lora/member.ts';
import { random } from '../src/lora/random.ts';
import { BATCH, benchRow, utterances } from './lora-model.ts';
import type { BenchRow } from './row.ts';

const ROWS = 2_048;
const GOAL = 0.95;
/** Names, rows, batch: utterances, and texts of a decoder between 64 and 512 tokens. */
const SHAPES: readonly (readonly [string, readonly EncodedRow[], number])[] = [
  ['12-token utterances', utterances(ROWS, 100), BATCH], ['texts of 64 to 512 tokens', lengths(64, 512).map((length) => utterances(1, 100, length)[0]!), 8],
];

export function tokenRows(): BenchRow[] {
  return SHAPES.flatMap(([name, rows, batch]) => {
    const counts = rows.map(({ tokens }) => tokens.length);
    const dealer = deal(counts, batch, LEAST_WIDTH, random(1, 'bench deal'));
    const binned = { most: MICRO_BATCH, least: LEAST_WIDTH, perToken: false, causal: false, shape: dealer.shape };
    return [
      benchRow(`tokens of rows among what is computed, without compiling, ${name} in batches of ${batch}`, share(rows, epochBatches(counts, batch, random(1, 'bench tokens')), (part) => pack(part, MICRO_BATCH_TOKENS.tensorflow, 1)), 'share', GOAL),
      benchRow(`tokens of rows among what is computed, compiled for a GPU, ${name} in batches of ${batch}`, share(rows, dealer.epoch(random(1, 'bench tokens')), (part) => packBins(part, 1, binned)), 'share', GOAL),
    ];
  });
}

function lengths(least: number, most: number): number[] {
  const uniform = random(1, 'lengths');
  return Array.from({ length: ROWS }, () => least + Math.floor((most - least + 1) * uniform()));
}

function share(rows: readonly EncodedRow[], epoch: readonly Int32Array[], cut: (part: readonly EncodedRow[]) => readonly Batch[]): number {
  const computed = epoch.flatMap((numbers) => cut(Array.from(numbers, (i) => rows[i]!)).map(({ tokens }) => tokens.length));
  return sum(rows.map(({ tokens }) => tokens.length)) / sum(computed);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
