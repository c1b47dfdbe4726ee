/** Rows and a reference for the profile's tests. */
import fc from 'fast-check';
import { buildReference, emptyProfile, observeOutcome, observePrediction, type Profile, type ReferenceBody, type ScoredRow } from '../../src/profile/index.ts';

const WORDS = ['card', 'limit', 'raise', 'Straße', 'naïve', '東京', 'zażółć', 'lost', '42', 'переведи'];

export const row: fc.Arbitrary<ScoredRow> = fc.record({
  id: fc.uuid(),
  text: fc.array(fc.constantFrom(...WORDS), { maxLength: 8 }).map((words) => words.join(' ')),
  label: fc.constantFrom('a', 'b', 'c', 'new'),
  confidence: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(null, 0, 1, -0.1, 1.5, NaN, Infinity)),
  trueLabel: fc.constantFrom('a', 'b', 'c'),
  score: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  malformed: fc.constantFrom(true, false, null),
});

export function referenceOf(rows: readonly ScoredRow[], trainTexts: readonly string[] = ['raise the limit', 'lost card']): ReferenceBody {
  return buildReference({ model: 'm', adapter: 'm--v1-00000000', createdAt: '2026-01-02T03:04:05.000Z', trainTexts, rows });
}

export const REFERENCE = referenceOf(
  Array.from({ length: 600 }, (_, i) => ({ id: `row-${i}`, text: i % 3 === 0 ? 'raise the limit' : 'lost my card', label: 'abc'[i % 3] as string, confidence: 1 - ((i % 100) / 100) ** 2, trueLabel: 'abc'[(i % 7) % 3] as string })),
);

export function observed(reference: ReferenceBody, rows: readonly ScoredRow[]): Profile {
  const profile = emptyProfile(reference);
  for (const each of rows) {
    observePrediction(profile, reference, each);
    observeOutcome(profile, each.score ?? Number(each.label === each.trueLabel));
  }
  return profile;
}
