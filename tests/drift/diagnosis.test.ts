import { describe, expect, it } from 'vitest';
import { compared } from '../../src/drift/diagnosis/index.ts';
import { drawNormal } from '../../src/statistics/draw.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import type { SampledPrediction } from '../../src/store/diagnosis.ts';

interface World {
  readonly amount: number;
  /** How `total` goes with `amount`. */
  readonly slope: number;
  readonly gold: number;
  readonly deviation: number;
  readonly words: readonly string[];
  readonly confidence: number;
}

const CALM: World = { amount: 1e6, slope: 1, gold: 0.1, deviation: 1, words: ['card', 'lost', 'limit', 'raise', 'pay'], confidence: 0.8 };

function rows(count: number, seed: number, over: Partial<World> = {}): SampledPrediction[] {
  const { amount, slope, gold, deviation, words, confidence } = { ...CALM, ...over };
  const uniform = seededUniform(seed);
  const word = () => words[Math.floor(uniform() * words.length)] as string;
  return Array.from({ length: count }, (_, i) => {
    const own = drawNormal(uniform);
    return {
      input: `${word()} ${word()} my ${word()}`, answer: i % 3 === 0 ? 'a' : 'b', confidence: confidence + 0.1 * uniform(),
      features: {
        amount: amount + own, total: amount + slope * own + 0.3 * drawNormal(uniform), tier: uniform() < gold ? 'gold' : 'plain', mixed: i % 2 === 0 ? 'x' : 7,
        vector: Array.from({ length: 4 }, () => deviation * drawNormal(uniform)), '@built-in': 1, ...(i % 20 === 0 ? { rare: 1 } : {}), ...(i % 2 === 0 ? { half: i } : {}),
      },
    };
  });
}

const differing = (over: Partial<World>) => compared(rows(300, 1), rows(300, 2, over)).columns.filter(({ differs }) => differs).map(({ column }) => column);

describe('a diagnosis', () => {
  const calm = compared(rows(300, 1), rows(300, 2));

  it('has every column with values enough, by the statistics of its kind, the deciding one first', () => {
    expect(calm.rows).toEqual([300, 300]);
    expect(calm.columns.map(({ column, kind, tests: [first] }) => [column, kind, first?.test])).toEqual([
      ['confidence', 'number', 'Kolmogorov-Smirnov'], ['answer', 'category', 'chi-square'], ['input', 'text', 'linear MMD of hashed n-grams'], ['amount', 'number', 'Kolmogorov-Smirnov'],
      ['half', 'number', 'Kolmogorov-Smirnov'], ['mixed', 'number', 'Kolmogorov-Smirnov'], ['tier', 'category', 'chi-square'], ['total', 'number', 'Kolmogorov-Smirnov'], ['vector', 'vector', 'MMD of random Fourier features'],
    ]);
    const of = (name: string) => calm.columns.find(({ column }) => column === name);
    const shared = ['PSI', 'Jensen-Shannon', 'Hellinger', 'total variation', 'L-infinity'];
    expect(of('amount')?.tests.map(({ test }) => test)).toEqual(['Kolmogorov-Smirnov', 'Cramer-von Mises', 'Wasserstein', 'energy distance', ...shared]);
    expect(of('tier')?.tests.map(({ test }) => test)).toEqual(['chi-square', 'G', ...shared]);
    expect(of('half')).toMatchObject({ values: [150, 150], missing: [150, 150], mistyped: [0, 0] });
    expect(of('mixed')).toMatchObject({ values: [150, 150], missing: [0, 0], mistyped: [150, 150] });
    for (const { tests } of calm.columns) {
      for (const { p, effect, interval: [low, high], guarantee } of tests) {
        expect(p === null).toBe(guarantee === 'none');
        expect(Number.isFinite(effect) && low <= high).toBe(true);
      }
    }
  });

  it('shows no difference where there is none, and each where it is', () => {
    expect(calm.columns.filter(({ differs }) => differs)).toEqual([]);
    expect(differing({ gold: 0.3, deviation: 2, confidence: 0.7 })).toEqual(['confidence', 'tier', 'vector']);
    expect(differing({ amount: 1e6 + 1, words: [...CALM.words, 'crypto'] })).toEqual(['input', 'amount', 'total']);
  });

  it('sees columns that stopped moving together while each looks as ever, far from 0 too', () => {
    expect(calm.relation?.p).toBeGreaterThan(0.01);
    const apart = compared(rows(300, 1), rows(300, 2, { slope: -1 }));
    expect(apart.columns.filter(({ differs }) => differs)).toEqual([]);
    expect(apart.relation).toMatchObject({ test: 'PCA reconstruction', guarantee: 'asymptotic' });
    expect(apart.relation?.p).toBeLessThan(1e-20);
    expect(apart.relation?.effect).toBeGreaterThan(1);
  });

  it('names the words by which texts can be told apart, on texts that the classifier did not learn', () => {
    expect(calm.texts?.interval[0]).toBeLessThan(0.5);
    const { texts } = compared(rows(300, 1), rows(300, 2, { words: ['crypto', 'lost', 'limit', 'raise', 'pay'] }));
    expect(texts?.interval[0]).toBeGreaterThan(0.6);
    const signs = new Map(texts?.ngrams.map(({ ngram, weight }) => [ngram, Math.sign(weight)]));
    expect([signs.get('crypto'), signs.get('card'), signs.get('my')]).toEqual([1, -1, undefined]);
  });

  it('says nothing of sides with too few rows', () => {
    expect(compared(rows(29, 1), rows(300, 2))).toEqual({ rows: [29, 300], columns: [], relation: null, texts: null });
    expect(compared(rows(300, 1), [])).toMatchObject({ rows: [300, 0], columns: [], relation: null, texts: null });
  });

  it('gives the same bits each time', () => expect(compared(rows(100, 1), rows(100, 2))).toEqual(compared(rows(100, 1), rows(100, 2))));
});
