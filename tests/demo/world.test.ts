import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NEW, REWORDED } from '../../src/demo/generator/after.ts';
import { BEFORE, type Patterns } from '../../src/demo/generator/before.ts';
import { expand } from '../../src/demo/generator/grammar.ts';
import { typo } from '../../src/demo/generator/style.ts';
import { ALL_INTENTS, CALM, CHANGED, createWorld, NEW_INTENTS, OLD_INTENTS, spoil, type Utterance } from '../../src/demo/generator/world.ts';
import { random } from '../../src/lora/random.ts';

const words = (text: string) => text.toLowerCase().match(/[a-z]+/g) ?? [];

/** Multinomial naive Bayes over words: a second opinion on the world that shares nothing with the product. */
function bayes(rows: readonly Utterance[]): (text: string) => string {
  const counts = new Map<string, Map<string, number>>();
  const vocabulary = new Set<string>();
  for (const row of rows) {
    const own = counts.get(row.label) ?? new Map<string, number>();
    counts.set(row.label, own);
    for (const word of words(row.text)) {
      own.set(word, (own.get(word) ?? 0) + 1);
      vocabulary.add(word);
    }
  }
  const totals = new Map([...counts].map(([label, own]) => [label, [...own.values()].reduce((a, b) => a + b, 0)]));
  return (text) => {
    let best = '';
    let bestScore = -Infinity;
    for (const [label, own] of counts) {
      let score = 0;
      for (const word of words(text)) score += Math.log(((own.get(word) ?? 0) + 0.2) / ((totals.get(label) ?? 0) + 0.2 * vocabulary.size));
      if (score > bestScore) [best, bestScore] = [label, score];
    }
    return best;
  };
}

const accuracy = (predict: (text: string) => string, rows: readonly Utterance[]) =>
  rows.filter((row) => predict(row.text) === row.label).length / rows.length;

describe('the world', () => {
  test('has at least 20 intents before the change, at least 6 new ones after it, and all old ones in new words', () => {
    expect(OLD_INTENTS.length).toBeGreaterThanOrEqual(20);
    expect(NEW_INTENTS.length).toBeGreaterThanOrEqual(6);
    expect(new Set(ALL_INTENTS).size).toBe(OLD_INTENTS.length + NEW_INTENTS.length);
    expect(Object.keys(REWORDED).sort()).toEqual([...OLD_INTENTS].sort());
  });

  test('the same seed gives the same utterances, another seed others', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, count) => {
        expect(createWorld(seed).take(count, CHANGED)).toEqual(createWorld(seed).take(count, CHANGED));
        expect(createWorld(seed).take(20, CHANGED)).not.toEqual(createWorld(seed + 1).take(20, CHANGED));
      }),
      { numRuns: 50 },
    );
  });

  test('rarely says the same thing twice', () => {
    for (const mixture of [CALM, CHANGED]) {
      const rows = createWorld(3).take(6_000, mixture);
      expect(new Set(rows.map((row) => row.text.toLowerCase())).size / rows.length).toBeGreaterThan(0.9);
      expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    }
  });

  test('utterances are short, single-spaced and have no leftovers of the grammar', () => {
    for (const row of createWorld(4).take(3_000, CHANGED)) {
      expect(row.text).not.toMatch(/[{}<>|]| {2}|^ | $/);
      expect(words(row.text).length).toBeLessThan(32);
      expect(row.text.length).toBeGreaterThan(2);
    }
  });

  test('the mixture holds: new intents come only after the change and in the given share', () => {
    const isNew = (row: Utterance) => NEW_INTENTS.includes(row.label);
    expect(createWorld(5).take(2_000, CALM).filter(isNew)).toHaveLength(0);
    const share = createWorld(5).take(8_000, CHANGED).filter(isNew).length / 8_000;
    expect(Math.abs(share - CHANGED.newIntents)).toBeLessThan(0.02);
  });

  test('no two intents share a pattern or read alike: word counts alone tell them apart', () => {
    const patterns = (set: Patterns) => Object.values(set).flat();
    const all = [BEFORE, REWORDED, NEW].flatMap(patterns);
    expect(new Set(all).size).toBe(all.length);
    const predict = bayes(createWorld(6).take(4_000, CHANGED));
    expect(accuracy(predict, createWorld(6, 'test').take(2_000, CHANGED))).toBeGreaterThan(0.88);
  });

  test('the change costs a classifier of the old world at least ten points', () => {
    const predict = bayes(createWorld(7).take(2_000, CALM));
    const calm = accuracy(predict, createWorld(7, 'test').take(2_000, CALM));
    const changed = accuracy(predict, createWorld(7, 'test').take(2_000, CHANGED));
    expect(calm).toBeGreaterThan(0.9);
    expect(calm - changed).toBeGreaterThan(0.1);
  });
});

describe('spoil', () => {
  test('makes exactly the given share of labels wrong and touches nothing else', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, count, share) => {
        const rows = createWorld(seed).take(count, CHANGED);
        const spoilt = spoil(rows, share, ALL_INTENTS, random(seed, 'noise'));
        expect(spoilt.map(({ id, text }) => [id, text])).toEqual(rows.map(({ id, text }) => [id, text]));
        expect(spoilt.filter((row, i) => row.label !== rows[i]?.label)).toHaveLength(Math.round(share * count));
      }),
      { numRuns: 50 },
    );
  });
});

describe('grammar and style', () => {
  test('choices nest, may be empty, and every alternative comes up', () => {
    const uniform = random(1, 'grammar');
    const seen = new Set(Array.from({ length: 400 }, () => expand('a {b|{c|d} <x>|} e', uniform, (slot) => slot.toUpperCase())));
    expect([...seen].sort()).toEqual(['a b e', 'a c X e', 'a d X e', 'a e']);
  });

  test('an unbalanced pattern is refused', () => {
    const uniform = random(1, 'grammar');
    expect(() => expand('a {b', uniform, (slot) => slot)).toThrow('never closed');
    expect(() => expand('a} b', uniform, (slot) => slot)).toThrow('without');
  });

  test('a typing error changes one word by at most one letter more or less', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const text = 'please activate my card';
        const wrong = typo(text, random(seed, 'typo')).split(' ');
        expect(wrong.filter((word, i) => word !== text.split(' ')[i]).length).toBeLessThanOrEqual(1);
        expect(Math.abs(wrong.join(' ').length - text.length)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
