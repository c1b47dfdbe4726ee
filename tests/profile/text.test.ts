import { describe, expect, it } from 'vitest';
import { eachNgram } from '../../src/profile/ngrams.ts';
import { unseenShare, vocabularyOf } from '../../src/profile/vocabulary.ts';

const ngrams = (text: string) => {
  const hashes: number[] = [];
  expect(eachNgram(text, (hash) => hashes.push(hash))).toBe(hashes.length);
  return hashes;
};

describe('n-grams', () => {
  it('are words and pairs of neighbours', () => {
    expect(ngrams('raise my limit')).toHaveLength(5);
    expect(new Set(ngrams('raise my limit')).size).toBe(5);
    expect(ngrams('')).toEqual([]);
    expect(ngrams('?! ...')).toEqual([]);
  });
  it('do not depend on case, on what separates words, or on how accents are composed', () => {
    expect(ngrams('Naïve, CAFÉ!')).toEqual(ngrams('naïve - café'.normalize('NFD')));
  });
  it('keep the order of a pair', () => expect(ngrams('limit raise')[2]).not.toBe(ngrams('raise limit')[2]));
  it('keep marks inside words and split scripts without spaces', () => {
    expect(ngrams('हिन्दी')).toHaveLength(1);
    expect(ngrams('東京都')).toHaveLength(5);
    expect(ngrams('a😀b')).toHaveLength(3);
  });
});

describe('the vocabulary', () => {
  const word = (i: number) => `w${i.toString(36)}`;
  const texts = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${word(from + i)} ${word((from + i) * 7 + 3)}x`);
  it('has all that went in', () => {
    const vocabulary = vocabularyOf(texts(0, 2_000));
    for (const text of texts(0, 2_000)) expect(unseenShare(vocabulary, text)).toBe(0);
  });
  it.each([2_000, 20_000, 60_000])('takes fewer than 2 %% of new n-grams for known ones, at %d texts', (size) => {
    const vocabulary = vocabularyOf(texts(0, size));
    const fresh = texts(1_000_000, 1_010_000);
    const unseen = fresh.reduce((sum, text) => sum + unseenShare(vocabulary, text), 0) / fresh.length;
    expect(unseen).toBeGreaterThan(0.98);
  });
  it('gives the share of a row, 0 of a row without words', () => {
    const vocabulary = vocabularyOf(['raise my limit']);
    expect(unseenShare(vocabulary, 'raise my rent')).toBeCloseTo(2 / 5);
    expect(unseenShare(vocabulary, '...')).toBe(0);
  });
});
