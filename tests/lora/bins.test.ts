import { expect, test } from 'vitest';
import { deal, packBins } from '../../src/lora/backends/tensorflow/bins.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { random } from '../../src/lora/random.ts';

const uniform = random(1, 'lengths');
const between = (count: number, least: number, most: number): number[] => Array.from({ length: count }, () => least + Math.floor((most - least + 1) * uniform()));
const rowsOf = (lengths: readonly number[]): EncodedRow[] => lengths.map((length, i) => ({ tokens: new Int32Array(length).fill(i), targets: Int32Array.of(0), weight: 1 }));
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const sorted = (batches: readonly Int32Array[]): number[] => batches.flatMap((batch) => [...batch]).toSorted((a, b) => a - b);

/** Lengths, rows of a batch. */
const DEALS: readonly (readonly [string, readonly number[], number])[] = [
  ['utterances', between(2_000, 4, 25), 32],
  ['texts of many lengths', between(2_000, 64, 512), 8],
  ['equal rows as wide as a bin', new Array<number>(100).fill(512), 8],
  ['rows a little wider than half a bin', new Array<number>(500).fill(34), 16],
  ['fewer rows than a batch has', [3, 5, 64], 32],
  ['one row', [7], 8],
];

test.each(DEALS)('%s: a deal loses no row, and all its batches have one shape', (_, lengths, batchSize) => {
  const { shape, batches, epoch } = deal(lengths, batchSize, 64, random(1, 'deal'));
  const rows = rowsOf(lengths);
  for (const name of ['epoch 0', 'epoch 1']) {
    const dealt = epoch(random(1, name));
    expect(dealt).toHaveLength(batches);
    expect(sorted(dealt)).toEqual([...lengths.keys()]);
    for (const batch of dealt) {
      const packed = packBins(Array.from(batch, (i) => rows[i]!), 1, { most: 2 ** 20, least: 64, perToken: false, causal: true, shape });
      expect(packed.map(({ tokens }) => tokens.length)).toEqual([shape.bins * shape.width]);
      expect(packed[0]!.layout.width).toBe(shape.width);
      expect([...packed[0]!.numbers].filter((number) => number >= 0)).toEqual([...batch.keys()]);
    }
  }
  expect(epoch(random(1, 'epoch 0'))).toEqual(epoch(random(1, 'epoch 0')));
});

test.each(DEALS.slice(0, 2))('%s: batches have the rows that were asked for on average, and hardly a token only fills', (_, lengths, batchSize) => {
  const { shape, batches, epoch } = deal(lengths, batchSize, 64, random(1, 'deal'));
  expect(sum(lengths) / (batches * shape.bins * shape.width)).toBeGreaterThan(0.95);
  expect(Math.abs(lengths.length / batches / batchSize - 1)).toBeLessThan(0.15);
  expect(epoch(random(1, 'epoch 0'))).not.toEqual(epoch(random(1, 'epoch 1')));
});

test('a step of more tokens than one pass may have is cut into passes of one shape', () => {
  const lengths = new Array<number>(14).fill(64);
  const packed = packBins(rowsOf(lengths), 1, { most: 256, least: 64, perToken: false, causal: true, shape: { width: 64, bins: 14 } });
  expect(packed.map(({ tokens }) => tokens.length)).toEqual([256, 256, 256, 256]);
  expect(sum(packed.map(({ rows }) => rows.filter(({ weight }) => weight > 0).length))).toBe(14);
});

test('bins are said to hold single sequences only where each does, and the model sees nothing behind a token', () => {
  const single = (lengths: readonly number[], causal: boolean): boolean | undefined => packBins(rowsOf(lengths), 1, { most: 1024, least: 64, perToken: false, causal })[0]!.layout.single;
  expect(single([64, 40, 50], true)).toBe(true);
  expect(single([64, 40, 20], true)).toBe(false);
  expect(single([64, 40, 50], false)).toBe(false);
});
