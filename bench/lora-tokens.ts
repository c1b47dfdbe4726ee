/** How much of what a step computes are tokens of rows, and how much only fills a shape: over an epoch, as the teams cut their batches. */
import { packBins } from '../src/lora/backends/tensorflow/bins.ts';
import { LEAST_WIDTH, MICRO_BATCH } from '../src/lora/backends/tensorflow/team.ts';
import { epochBatches, pack, type EncodedRow } from '../src/lora/batches.ts';
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
  return SHAPES.flatMap(([name, rows, batch]) => [
    benchRow(`tokens of rows among what is computed, without compiling, ${name} in batches of ${batch}`, share(rows, batch, (part) => pack(part, MICRO_BATCH.cpu, 1).map(({ tokens }) => tokens.length)), 'share', GOAL),
    benchRow(`tokens of rows among what is computed, compiled for a GPU, ${name} in batches of ${batch}`, share(rows, batch, (part) => packBins(part, 1, { most: MICRO_BATCH.gpu, least: LEAST_WIDTH, perToken: false }).map(({ tokens }) => tokens.length)), 'share', GOAL),
  ]);
}

function lengths(least: number, most: number): number[] {
  const uniform = random(1, 'lengths');
  return Array.from({ length: ROWS }, () => least + Math.floor((most - least + 1) * uniform()));
}

function share(rows: readonly EncodedRow[], batch: number, computed: (part: readonly EncodedRow[]) => readonly number[]): number {
  const counts = rows.map(({ tokens }) => tokens.length);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return sum(counts) / sum(epochBatches(counts, batch, random(1, 'bench tokens')).map((part) => sum(computed(Array.from(part, (i) => rows[i]!)))));
}
