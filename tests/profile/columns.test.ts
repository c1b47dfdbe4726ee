import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyColumn, observeValue, type ColumnLayout } from '../../src/profile/columns/column.ts';
import { distinctOf } from '../../src/profile/columns/category.ts';
import { layoutOf } from '../../src/profile/columns/infer.ts';
import { isRefusal } from '../../src/profile/columns/refusal.ts';
import { textLayout } from '../../src/profile/columns/text.ts';
import { emptyNumber, numberLayout, observeNumbers, placeOf } from '../../src/profile/columns/number.ts';
import { decodeReference, distinctOf as distinct, encodeReference, FEATURE_UNIT, learnColumns, quantilesOf, UNIT, withColumns, type ColumnCounts } from '../../src/profile/index.ts';
import { eachNgram } from '../../src/profile/ngrams.ts';
import { hashedFeatures } from '../../src/statistics/window/features.ts';
import { meanDiscrepancy, unitOf } from '../../src/statistics/window/mean-discrepancy.ts';
import { REFERENCE } from './support.ts';

function counted<K extends ColumnCounts['kind']>(kind: K, layout: ColumnLayout, values: readonly unknown[]): ColumnCounts & { kind: K } {
  const counts = emptyColumn(layout);
  values.forEach((value, i) => observeValue(counts, layout, value, i % 16));
  if (counts.kind !== kind) throw new Error(`a ${counts.kind}, not a ${kind}`);
  return counts as ColumnCounts & { kind: K };
}

describe('a numeric column', () => {
  const finite = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -5, max: 5 }), fc.double({ min: 1e15, max: 1e15 + 10, noNaN: true }));
  it('puts each value of any range into the bin that its edges say, and knows what is outside', () => {
    fc.assert(fc.property(fc.array(finite, { minLength: 1, maxLength: 300 }), finite, fc.boolean(), (values, other, onEdge) => {
      const layout = numberLayout(values);
      const value = (onEdge ? layout.edges[layout.edges.length >> 1] : undefined) ?? other;
      const counts = counted('number', layout, [value]);
      expect(counts.bins.indexOf(1)).toBe(layout.edges.filter((edge) => edge <= value).length);
      expect([counts.under, counts.over]).toEqual([Number(value < Math.min(...values)), Number(value > Math.max(...values))]);
      expect(counts.sum / UNIT).toBeCloseTo(placeOf(layout, value), 5);
      expect(placeOf(layout, value)).toSatisfy((place: number) => place >= 0 && place <= 1);
    }));
  });
  it('counts what is no number apart', () => {
    const counts = counted('number', numberLayout([1, 2, 3]), [2, null, undefined, NaN, Infinity, '2', true, [2]]);
    expect(counts).toMatchObject({ count: 1, nulls: 2, nonFinite: 2, mistyped: 3 });
  });
  it('counts a column at once as value by value, bit for bit', () => {
    const any = fc.oneof(finite, fc.constantFrom(NaN, Infinity, -Infinity, -0));
    fc.assert(fc.property(fc.array(finite, { minLength: 1, maxLength: 300 }), fc.array(fc.array(any, { maxLength: 200 }), { maxLength: 3 }), (values, panes) => {
      const layout = numberLayout(values);
      const atOnce = emptyNumber(layout.edges.length);
      for (const pane of panes) observeNumbers(atOnce, layout, Float64Array.from(pane));
      expect(atOnce).toEqual(counted('number', layout, panes.flat()));
    }));
  });
  it('gives the moments back, in the units of the reference', () => {
    const values = Array.from({ length: 5_000 }, (_, i) => 40 + ((i * 7919) % 5_000) / 100);
    const [layout, fresh] = [numberLayout(values), values.map((value) => value + 3)];
    const { sum, squares, count } = counted('number', layout, fresh);
    const width = layout.high - layout.low;
    const mean = layout.low + (sum / UNIT / count) * width;
    expect(mean).toBeCloseTo(fresh.reduce((a, b) => a + b) / fresh.length, 3);
    expect(Math.sqrt(squares / UNIT / count - (sum / UNIT / count) ** 2) * width).toBeCloseTo(100 / 2 / Math.sqrt(12), 1);
  });
  it('fits 4 KiB', () => {
    const layout = numberLayout(Array.from({ length: 10_000 }, (_, i) => i));
    expect(counted('number', layout, []).bins.byteLength + 8 * 8).toBeLessThanOrEqual(4_096);
  });
});

describe('a category column', () => {
  const values = Array.from({ length: 2_000 }, (_, i) => `v${Math.floor(Math.sqrt(i))}`);
  it('counts known, other, unseen, missing and mistyped values', () => {
    const many = layoutOf(Array.from({ length: 600 }, (_, i) => `v${i % 300}`));
    const rarest = many.kind === 'category' ? many.values.at(-1) : null;
    const counts = counted('category', many, ['v0', 'v0', rarest, 'new', null, 3, true]);
    expect(counts).toMatchObject({ other: 1, unseen: 2, nulls: 1, mistyped: 1 });
    expect(counts.counts[0]).toBe(2);
  });
  it.each([[10, 0.1], [300, 0.3], [5_000, 0.3], [200_000, 0.35]])('knows about how many different values came, of %d', (n, off) => {
    const counts = counted('category', layoutOf(values), Array.from({ length: n }, (_, i) => `fresh-${i}`));
    expect(Math.abs(distinct(counts) / n - 1)).toBeLessThan(off);
    expect(distinctOf(counts)).toBe(distinct(counts));
  });
  it('its reference promises unseen values at the rate at which they will come', () => {
    const value = (i: number) => `v${Math.floor(1 / (((i * 0.618034) % 1) ** 0.9 + 1e-4))}`;
    const rows = (from: number) => Array.from({ length: 2_000 }, (_, i) => ({ id: String(i), features: { tail: value(from + i) } }));
    const { columns, counts } = learnColumns(rows(0), 'traffic');
    const promised = counts.get('tail') as ColumnCounts & { kind: 'category' };
    const came = counted('category', (columns[0] as (typeof columns)[number]).layout, rows(2_000).map((row) => row.features.tail));
    expect(came.unseen).toBeGreaterThan(20);
    expect(Math.abs(promised.unseen - came.unseen)).toBeLessThan(4 * Math.sqrt(came.unseen));
  });
});

describe('a text column', () => {
  const text = (i: number) => ['how do i raise the limit of my card', 'my card was stolen in the shop today', 'what is the fee for cash abroad'][i % 3] as string + ` number ${(i * 7919) % 97}`;
  const other = (i: number) => `bitcoin wallet seed phrase ${i % 97} recovery ledger`;
  const reference = Array.from({ length: 600 }, (_, i) => text(i));
  const layout = textLayout(reference, false);
  const units = (counts: ColumnCounts & { kind: 'text' }) => counts.sketch.groups.flatMap((group) => (group === null ? [] : [{ rows: group.rows, squares: group.squares / FEATURE_UNIT ** 2, sum: { at: Uint32Array.from(group.sum, (_, i) => i), value: group.sum.map((x) => x / FEATURE_UNIT) } }]));
  it('gives the mean discrepancy of its rows, with a p-value from its groups', () => {
    const now = Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? other(i) : text(i + 7)));
    const found = meanDiscrepancy(units(counted('text', layout, reference)), units(counted('text', layout, now)), 4_096, { draws: 499 });
    const row = (each: string) => {
      const hashes: number[] = [];
      eachNgram(each, (hash) => hashes.push(hash));
      return unitOf(hashedFeatures(hashes));
    };
    const exact = meanDiscrepancy(reference.map(row), now.map(row), 4_096, { draws: 0, resamples: 1 });
    expect(Math.abs(found.effect / exact.effect - 1)).toBeLessThan(0.03);
    expect(found.p).toBeLessThan(0.02);
    const same = meanDiscrepancy(units(counted('text', layout, reference)), units(counted('text', layout, Array.from({ length: 400 }, (_, i) => text(i + 7)))), 4_096, { draws: 499 });
    expect(same.p).toBeGreaterThan(0.05);
  });
  it('describes texts', () => {
    const counts = counted('text', layout, ['raise the limit', '', '   ', 'привет мир', 'no no no no no no', null, 7, '...']);
    const { length, entropy, script, repetition } = counts.descriptors;
    expect(counts).toMatchObject({ rows: 6, empty: 2, refused: 0, nulls: 1, mistyped: 1 });
    expect([length.count, entropy.count, script.count, repetition.count]).toEqual([6, 4, 3, 3]);
    expect(script.sum).toBe(2 * UNIT);
    // 6 words and 5 pairs, of which 2 differ
    expect(repetition.sum / UNIT).toBeCloseTo(1 - 2 / 11, 2);
  });
  it.each(['I\'m sorry, but I can\'t help with that.', 'As an AI language model I do not', 'Es tut mir leid, dabei kann ich nicht helfen.', 'Lo siento, no puedo ayudar.', '抱歉，我无法回答。'])('knows a refusal: %s', (refusal) => {
    expect(isRefusal(refusal)).toBe(true);
    expect(isRefusal('The limit of your card is 500 EUR.')).toBe(false);
  });
});

it('a vector column sums its vectors, and sees one of another length as a breach of contract', () => {
  const vectors = Array.from({ length: 600 }, (_, i) => Array.from({ length: 24 }, (_each, j) => Math.sin(i * (j + 1))));
  const layout = layoutOf(vectors);
  if (layout.kind !== 'vector') throw new Error(layout.kind);
  const counts = counted('vector', layout, [...vectors, null, [1, 2], 'x']);
  expect(counts).toMatchObject({ rows: 600, nulls: 1, mistyped: 2 });
  const sum = vectors.reduce((total, vector) => total + (vector[3] as number), 0);
  expect(((counts.sum[3] as number) / UNIT) * layout.reach).toBeCloseTo(sum, 2);
  const squares = vectors.flat().reduce((total, x) => total + x * x, 0);
  expect((counts.squares / UNIT) * 24 * layout.reach ** 2).toBeCloseTo(squares, 0);
  for (const projection of counts.projections) expect(projection.count).toBe(600);
});

describe('the columns of a reference', () => {
  const rows = Array.from({ length: 600 }, (_, i) => ({ id: String(i), features: { n: i % 10 === 0 ? 'odd' : i, flag: i % 2 === 0, code: `c${i % 5}`, note: `some words here ${i}`, rare: i < 400 ? null : 1, ['@input']: 'x', constructor: 1, place: [i, 1] } }));
  it('have the type of most of their values', () => {
    const { columns, counts } = learnColumns(rows, 'exam');
    expect(columns.map(({ name, layout }) => [name, layout.kind])).toEqual([['code', 'category'], ['flag', 'category'], ['n', 'number'], ['note', 'text'], ['place', 'vector']]);
    expect(counts.get('n')).toMatchObject({ count: 540, mistyped: 60 });
  });
  it('are stored with it', () => {
    const wide = withColumns(REFERENCE, learnColumns(rows, 'exam', new Set(['code'])));
    expect(wide.columns.map(({ name }) => name)).toEqual(['@input', 'flag', 'n', 'note', 'place']);
    expect(decodeReference(encodeReference(wide))).toEqual(wide);
  });
});

describe('quantiles of a column', () => {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  it('are exact of few values, and of many within a bin', () => {
    const few = numberLayout(Array.from({ length: 100 }, (_, i) => i % 4));
    expect(quantilesOf(few, counted('number', few, [3, 3, 3, 0, 1, 1, 1, 1]), shares)).toEqual([0, 1, 1, 3, 3]);
    const many = numberLayout(Array.from({ length: 10_000 }, (_, i) => i));
    const found = quantilesOf(many, counted('number', many, Array.from({ length: 5_000 }, (_, i) => i)), shares) as number[];
    expect(found.every((value, i) => Math.abs(value - (shares[i] as number) * 5_000) < 2 * (10_000 / 256))).toBe(true);
  });
  it('are of no values nothing, and beyond the range its ends', () => {
    const layout = numberLayout([1, 2, 3]);
    expect(quantilesOf(layout, counted('number', layout, [null]), shares)).toBeNull();
    expect(quantilesOf(layout, counted('number', layout, [-50, 50]), [0.5, 1])).toEqual([1, 3]);
  });
});
