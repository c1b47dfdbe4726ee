/** Rows and a reference for the profile's tests. */
import fc from 'fast-check';
import { buildReference, emptyProfile, learnColumns, withColumns, observeOutcome, observePrediction, type Calibrated, type Profile, type ReferenceBody, type ScoredRow } from '../../src/profile/index.ts';

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

/** As references were before there were columns. */
export const PLAIN: ReferenceBody = { ...REFERENCE, columns: [], profile: { ...REFERENCE.profile, columns: new Map() } };

/** Columns of every kind, with an output. */
export const WIDE = withOutputs(withColumns(REFERENCE, learnColumns(
  Array.from({ length: 600 }, (_, i) => ({
    id: `row-${i}`,
    features: { amount: Math.exp((i % 50) / 10), tier: ['gold', 'silver', 'bronze', `rare-${i}`][Math.min(3, i % 7)] as string, note: `please raise the limit of card ${i % 200} today`, place: [Math.sin(i), Math.cos(i), i / 600] },
  })), 'traffic',
)));

function withOutputs(body: ReferenceBody): ReferenceBody {
  const outputs = Array.from({ length: 20 }, (_, i) => ({ id: String(i), text: 'x', label: null, trueLabel: null, confidence: null, output: `the limit is ${i}` }));
  const { columns } = buildReference({ model: 'm', adapter: 'a', createdAt: '', trainTexts: [], rows: outputs });
  return { ...body, columns: [...body.columns, ...columns.filter(({ name }) => name === '@output')] };
}

const odd = fc.constantFrom<unknown>(null, undefined, NaN, -Infinity, 1e308, -1e308, -0, 5e-324, 'gold', '', 'x'.repeat(300), true, [], [1], [1, 2, NaN], [1, '2', 3], {});
const feature = { amount: fc.double({ noDefaultInfinity: true, noNaN: true }), tier: fc.constantFrom('gold', 'silver', 'rare-3', 'new', 'newer'), note: fc.constantFrom('raise the limit', '東京 東京 東京', ' ', 'a a a a'), place: fc.tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true }), fc.constant(0)) };

/** A row with what its confidence promised. */
export type ObservedRow = ScoredRow & { readonly calibrated?: Calibrated | null };

/** Rows with features of every type, the wrong ones included, outputs, parts and calibrated scores. */
export const wideRow: fc.Arbitrary<ObservedRow> = fc.tuple(row, fc.record({
  calibrated: fc.oneof(fc.constant(null), fc.record({ expected: fc.double({ min: 0, max: 1, noNaN: true }), group: fc.constantFrom('0', '1') })),
  output: fc.constantFrom(null, '', 'the limit is 3', 'I\'m sorry, I cannot help with that.'),
  parts: fc.subarray(['segment=de', 'segment=en', 'hourOfDay=7']),
  features: fc.oneof({ weight: 5, arbitrary: fc.record({ amount: fc.oneof(feature.amount, odd), tier: fc.oneof(feature.tier, odd), note: fc.oneof(feature.note, odd), place: fc.oneof(feature.place, odd) }, { requiredKeys: [] }) }, { weight: 1, arbitrary: fc.constant(null) }),
})).map(([base, more]) => ({ ...base, ...more }));

export function observed(reference: ReferenceBody, rows: readonly ObservedRow[]): Profile {
  const profile = emptyProfile(reference);
  for (const each of rows) {
    observePrediction(profile, reference, each);
    observeOutcome(profile, each.score ?? Number(each.label === each.trueLabel), each.parts, each.calibrated);
  }
  return profile;
}

/** Those of the stored bytes of version 3. */
export const WIDE_ROWS: readonly ScoredRow[] = [
  { id: '1', text: 'raise the limit', label: 'a', confidence: 0.75, trueLabel: 'a', output: 'I\'m sorry, no.', parts: ['segment=de', 'hourOfDay=7'], features: { amount: 12.5, tier: 'gold', note: 'raise my limit please', place: [0.5, -0.25, 3] } },
  { id: '2', text: 'zażółć 東京', label: 'new', confidence: 1 / 3, trueLabel: 'b', output: '', parts: ['segment=en'], features: { amount: 'much', tier: 'platinum', place: [1, 2] } },
  { id: '3', text: '', label: 'b', confidence: null, trueLabel: 'b', features: null },
];
