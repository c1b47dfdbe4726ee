import { expect, test } from 'vitest';
import { tell, type Told } from '../../src/ingest/outcomes.ts';
import type { Standing } from '../../src/store/outcomes.ts';

const truth = (label: string): Told => ({ predictionId: 'p', label, score: null });
const score = (worth: number): Told => ({ predictionId: 'p', label: null, score: worth });

/** The answer was `a`. */
function all(...told: readonly Told[]): Omit<Standing, 'said'> | undefined {
  const standing = told.reduce<Standing | undefined>((before, each) => tell(before, each, each.score ?? Number(each.label === 'a'), 'accuracy'), undefined);
  if (standing === undefined) return undefined;
  const { said: _said, ...rest } = standing;
  return rest;
}

test('the first stays the first, the last stands', () => {
  expect(all(truth('a'))).toEqual({ metric: 'accuracy', firstScore: 1, score: 1, repeats: 0, contradictions: 0 });
  expect(all(truth('a'), truth('b'))).toEqual({ metric: 'accuracy', firstScore: 1, score: 0, repeats: 0, contradictions: 1 });
  expect(all(truth('b'), truth('a'), truth('b'), truth('a'))).toMatchObject({ firstScore: 0, score: 1, contradictions: 3 });
});

test('the same said again is a repeat, of what stands and not of what once stood', () => {
  expect(all(truth('b'), truth('b'), truth('b'))).toMatchObject({ score: 0, repeats: 2, contradictions: 0 });
  expect(all(truth('a'), truth('b'), truth('a'))).toMatchObject({ score: 1, repeats: 0, contradictions: 2 });
  expect(all(score(0.5), score(0.5))).toMatchObject({ repeats: 1 });
});

test('two truths contradict each other though both are worth nothing; a score contradicts a truth only where it is worth another', () => {
  expect(all(truth('b'), truth('c'))).toMatchObject({ score: 0, contradictions: 1 });
  expect(all(truth('a'), score(1))).toMatchObject({ score: 1, repeats: 0, contradictions: 0 });
  expect(all(truth('a'), score(0.25))).toMatchObject({ score: 0.25, contradictions: 1 });
});
