/** Tokens traced back to the text, and spans through tags. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extraction } from '../../src/lora/codecs/extraction.ts';
import type { Span, Units } from '../../src/lora/tags.ts';
import { bestTags, spansOf, tagUnits, tagsOf } from '../../src/lora/tags.ts';
import { hardTexts, TOKENIZERS } from './tokenizers.ts';

const LABELS = ['artist', 'album'];

/** Spans of whole units, not overlapping: `cuts` says how many units each takes, and whether it is one. */
function spansOn({ starts, ends }: Units, cuts: readonly (readonly [number, number])[]): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const [take, label] of cuts) {
    const last = at + take - 1;
    if (last >= starts.length) break;
    if (label < LABELS.length) spans.push({ start: starts[at]!, end: ends[last]!, label: LABELS[label]! });
    at += take;
  }
  return spans;
}

const cuts = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: LABELS.length })), { maxLength: 10 });

describe.each(TOKENIZERS)('%s', (_, tokenizer) => {
  test('units are parts of the text, in order, apart, without white space at their ends, each at a token of its own', () => {
    fc.assert(
      fc.property(hardTexts, fc.constantFrom('first', 'last'), (text, side) => {
        const { tokens, units } = tokenizer.align(text, 512, side);
        let before = 0;
        units.starts.forEach((start, i) => {
          const end = units.ends[i]!;
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          expect(text.slice(start, end).trim()).toBe(text.slice(start, end));
          before = end;
        });
        expect(before).toBeLessThanOrEqual(text.length);
        expect(new Set(units.tokens).size).toBe(units.tokens.length);
        expect([...units.tokens].every((token, i) => token >= tokenizer.opening.length && token < tokens.length && token > (units.tokens[i - 1] ?? -1))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('every letter and digit of the text is in a unit', () => {
    fc.assert(
      fc.property(hardTexts, (text) => {
        const { units } = tokenizer.align(text, 512, 'first');
        const covered = new Set(Array.from(units.starts).flatMap((start, i) => Array.from({ length: units.ends[i]! - start }, (__, k) => start + k)));
        for (let i = 0; i < text.length; i += 1) if (/[a-z0-9]/i.test(text[i]!)) expect(covered, `${i} of ${JSON.stringify(text)}`).toContain(i);
      }),
      { numRuns: 200 },
    );
  });

  test('spans of whole units come back from their tags as they were', () => {
    fc.assert(
      fc.property(hardTexts, cuts, fc.boolean(), (text, taken, causal) => {
        const codec = extraction({ tokenizer, labels: LABELS, maxLength: 512, causal });
        const spans = spansOn(codec.question(text).units!, taken);
        const example = codec.example({ text, spans });
        expect(example).toMatchObject({ inexact: 0, truncated: false, known: true });
        const tags = tagsOf(LABELS).length;
        const logits = new Float32Array(example.row.tokens.length * tags);
        example.row.targets.forEach((target, token) => target >= 0 && (logits[token * tags + target] = 20));
        const answer = codec.answer(example, logits)!;
        expect(answer.spans).toEqual(spans);
        expect(answer.confidence).toBeGreaterThan(0.99);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ['mini-encoder', 'Play  “Für Elise” by Ludwig van BEETHOVEN', ['Play', '“', 'Für', 'Elise', '”', 'by', 'Ludwig', 'van', 'BEETHOVEN']],
  ['mini-encoder', 'e\u0301t\u00e9 İzmir', ['e\u0301t\u00e9', 'İzmir']],
  ['word pieces', 'Playing ÉTÉ song, 中文', ['Playing', 'ÉTÉ', 'song', ',', '中', '文']],
  ['byte level', 'play 中文👍', ['play', '中', '文', '👍']],
  ['metaspace', "don't play", ['don', "'", 't', 'play']],
])('%s splits %j into words, and scripts without spaces into characters', (name, text, words) => {
  const [, tokenizer] = TOKENIZERS.find(([known]) => known === name)!;
  const { units } = tokenizer.align(text, 64, 'first');
  expect(Array.from(units.starts, (start, i) => text.slice(start, units.ends[i]))).toEqual(words);
});

test('a word of several tokens is tagged at its first, in a causal model at its last', () => {
  const [, tokenizer] = TOKENIZERS[0]!;
  const [first, last] = (['first', 'last'] as const).map((side) => [...tokenizer.align('playing xyz', 16, side).units.tokens]);
  // [CLS] play ##ing x ##y ##z [SEP]
  expect(first).toEqual([1, 3]);
  expect(last).toEqual([2, 5]);
});

const UNITS: Units = { starts: Int32Array.of(0, 5, 10), ends: Int32Array.of(4, 9, 14), tokens: Int32Array.of(0, 1, 2) };

test('a span that ends within a word takes the whole word, and is counted; so is one without a word', () => {
  const { tags, inexact } = tagUnits([{ start: 0, end: 7, label: 'artist' }, { start: 14, end: 15, label: 'album' }], LABELS, UNITS);
  expect([...tags]).toEqual([1, 2, 0]);
  expect(inexact).toBe(2);
  expect(spansOf(tags, LABELS, UNITS)).toEqual([{ start: 0, end: 9, label: 'artist' }]);
});

test('neighbours of one label stay two spans; an I- that continues nothing begins one', () => {
  expect(spansOf([1, 1, 2], LABELS, UNITS)).toEqual([{ start: 0, end: 4, label: 'artist' }, { start: 5, end: 14, label: 'artist' }]);
  expect(spansOf([2, 4, 0], LABELS, UNITS)).toEqual([{ start: 0, end: 4, label: 'artist' }, { start: 5, end: 9, label: 'album' }]);
});

test('the best tags are the best of all allowed ones: against a search through all', () => {
  const count = tagsOf(LABELS).length;
  const allowed = (tags: readonly number[]): boolean => tags.every((tag, i) => tag % 2 === 1 || tag === 0 || tags[i - 1] === tag || tags[i - 1] === tag - 1);
  const all = Array.from({ length: count ** 3 }, (_, n) => [Math.floor(n / count ** 2), Math.floor(n / count) % count, n % count]).filter(allowed);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 3 * count, maxLength: 3 * count }), (numbers) => {
      const logits = Float32Array.from(numbers, (n) => n / 10);
      const score = (tags: ArrayLike<number>): number => Array.from(tags).reduce((sum, tag, i) => sum + logits[i * count + tag]!, 0);
      const { tags, loss } = bestTags(logits, count, UNITS);
      expect(allowed([...tags])).toBe(true);
      expect(score(tags)).toBeCloseTo(Math.max(...all.map(score)), 5);
      expect(loss).toBeGreaterThan(0);
    }),
  );
});
