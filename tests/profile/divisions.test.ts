import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReference, decodeReference, decodeSupplement, divideBy, emptyProfile, encodeReference, encodeSupplement, learnColumns, segmentDivisions, withSupplement, type Division, type ScoredRow } from '../../src/profile/index.ts';
import { REFERENCE } from './support.ts';

const row = (features: object | null, at: string | null = null, segment: string | null = null) => ({ features: features as Record<string, unknown> | null, segment, at: at === null ? null : Date.parse(at) });

describe('segments', () => {
  const languages = ['en', 'de', 'en', 'fr', 'en', 'de', null];
  const divisions = segmentDivisions(['language', 'segment', 'tier'], languages.map((language, i) => row({ language, tier: i % 2 }, null, language)), 6);
  it('are the most frequent values, of divisions that enough rows have', () => {
    expect(divisions).toEqual([
      { kind: 'segment', by: 'language', values: ['en', 'de', 'fr'] }, { kind: 'segment', by: 'segment', values: ['en', 'de', 'fr'] }, { kind: 'segment', by: 'tier', values: ['0', '1'] },
    ]);
    expect(segmentDivisions(['language'], languages.map((language) => row({ language })), 7)).toEqual([]);
    expect(segmentDivisions(['n'], Array.from({ length: 500 }, (_, n) => row({ n: n % 50 })), 1)[0]?.values).toHaveLength(20);
  });
  it('take every row once for each division, with one part for all the rest', () => {
    const divide = divideBy(divisions);
    expect(divide(row({ language: 'de', tier: 1 }, null, 'pl'))).toEqual(['language=de', 'segment', 'tier=1']);
    expect(divide(row(null))).toEqual(['language', 'segment', 'tier']);
    fc.assert(fc.property(fc.anything(), fc.option(fc.string()), (language, segment) => {
      expect(divide(row({ language }, null, segment))).toHaveLength(3);
    }));
  });
});

it.each([
  ['hourOfDay', 'Europe/Berlin', '2026-03-29T00:59:00Z', 'hourOfDay=1'],
  // the clock was put forward
  ['hourOfDay', 'Europe/Berlin', '2026-03-29T01:00:00Z', 'hourOfDay=3'],
  ['hourOfDay', 'Asia/Kathmandu', '2026-03-29T18:14:00Z', 'hourOfDay=23'],
  ['hourOfDay', 'Asia/Kathmandu', '2026-03-29T18:15:00Z', 'hourOfDay=0'],
  ['dayOfWeek', 'UTC', '2026-03-29T12:00:00Z', 'dayOfWeek=0'],
  ['hourOfWeek', 'UTC', '2026-03-31T05:30:00Z', 'hourOfWeek=53'],
] as const)('the %s in %s of %s is %s', (by, timeZone, at, name) => {
  const divide = divideBy([{ kind: 'season', by, timeZone }]);
  expect(divide(row(null, at))).toEqual([name]);
  expect(divide(row(null))).toEqual([]);
});

describe('a reference', () => {
  const rows: ScoredRow[] = Array.from({ length: 900 }, (_, i) => ({
    id: String(i), text: 'raise the limit', label: 'a', trueLabel: i % 4 === 0 ? 'b' : 'a', confidence: 0.5,
    ...(i % 3 === 0 ? {} : { features: { language: i % 2 === 0 ? 'en' : 'de', talk: i % 100 }, segment: 'web', at: Date.parse('2026-03-29T12:00:00Z') }),
  }));
  const season: Division = { kind: 'season', by: 'hourOfDay', timeZone: 'UTC' };
  const parts = (clusterKey: string | null) => buildReference({ model: 'm', adapter: 'a', createdAt: '', trainTexts: [], rows, parting: { segments: ['language', 'segment'], season, clusterKey } });
  it('has the parts of the rows of which they are known, and is stored with them', () => {
    const reference = parts(null);
    const count = (name: string) => reference.profile.parts.get(name)?.rows ?? 0;
    expect([count('language=en'), count('language=de'), count('language'), count('segment=web'), count('segment'), count('hourOfDay=12')]).toEqual([300, 300, 0, 600, 300, 600]);
    expect(reference.profile.parts.get('language=en')?.outcome).toMatchObject({ labelled: 300, errors: 150 });
    expect(decodeReference(encodeReference(reference))).toEqual(reference);
  });
  it('has one row of each cluster, and all rows that are in none', () => {
    expect(parts('talk').profile.rows).toBe(300 + 100);
  });
  it('learns more later, and keeps what it had', () => {
    const { columns, counts } = learnColumns(Array.from({ length: 600 }, (_, i) => ({ id: String(i), features: { age: i } })), 'traffic');
    const supplement = { columns, divisions: [season], clusterKey: 'talk', dependence: new Map([['error', { phi: 0.3, estimate: 0.25, blocks: 200 }]]), panesLearnt: 256, profile: { ...emptyProfile(REFERENCE), columns: new Map(counts) } };
    const more = withSupplement(REFERENCE, supplement);
    expect(more.columns.map(({ name, source }) => [name, source])).toEqual([['@input', 'exam'], ['age', 'traffic']]);
    expect(more.profile.columns.get('@input')).toBe(REFERENCE.profile.columns.get('@input'));
    expect(more).toMatchObject({ clusterKey: 'talk', divisions: [season], panesLearnt: 256 });
    expect(more.dependence.get('error')?.phi).toBe(0.3);
    const bytes = encodeSupplement(supplement);
    expect(decodeSupplement(bytes)).toEqual(supplement);
    for (let cut = 0; cut < bytes.length; cut += 97) expect(() => decodeSupplement(bytes.subarray(0, cut))).toThrow(/stored profile/);
  });
});
