import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capTrain, incidentLineage, withReserved } from '../../src/datasets/reserved.ts';
import type { Side } from '../../src/vocabulary.ts';

const row = (id: string, day: number, side: Side = 'train') => ({ id, text: id, label: 'x', origin: 'feedback' as const, labelledAt: new Date(Date.UTC(2026, 0, day)), correctedAt: null, side });

test('reserved rows stand among the candidates by the time of their label, each once', () => {
  const candidates = [row('c', 20), row('b', 10), row('a', 10)];
  expect(withReserved(candidates, [row('old', 1), row('b', 10), row('mid', 15)]).map(({ id }) => id)).toEqual(['c', 'mid', 'b', 'a', 'old']);
  expect(withReserved(candidates, [])).toEqual(candidates);
});

test('whatever the limit: reserved rows first, then the newest, in their order, and never more than the limit', () => {
  const rows = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), reserved: fc.boolean() }), { selector: ({ id }) => id, maxLength: 40 });
  fc.assert(fc.property(rows, fc.nat(50), (all, most) => {
    const reserved = new Set(all.filter((each) => each.reserved).map(({ id }) => id));
    const kept = capTrain(all, reserved, most);
    expect(kept).toEqual(all.filter((each) => kept.includes(each)));
    expect(kept.length).toBe(Math.min(most, all.length));
    expect(kept.filter((each) => each.reserved).length).toBe(Math.min(most, reserved.size));
    const others = all.filter((each) => !each.reserved);
    const keptOthers = kept.filter((each) => !each.reserved);
    expect(keptOthers).toEqual(others.slice(0, keptOthers.length));
  }));
});

test('the manifest says what became of each id', () => {
  const rows = [row('a', 1), row('b', 1), row('c', 1, 'exam'), row('d', 1, 'neither')];
  expect(incidentLineage([{ incident: 'i1', sampleIds: ['a', 'b', 'c', 'd', 'e'] }, { incident: 'i2', sampleIds: ['a'] }], rows, new Set(['a', 'z']))).toEqual([
    { id: 'i1', sampleIds: ['a', 'b', 'c', 'd', 'e'], labelled: 4, train: 1, leftOut: 1, exam: 1, neither: 1 },
    { id: 'i2', sampleIds: ['a'], labelled: 1, train: 1, leftOut: 0, exam: 0, neither: 0 },
  ]);
});
