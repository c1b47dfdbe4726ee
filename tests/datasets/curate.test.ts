import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseExam, chooseReplay, countByLabel, createSieve } from '../../src/datasets/curate.ts';
import type { LabelledRow } from '../../src/store/datasets.ts';

const at = (day: number) => new Date(Date.UTC(2026, 0, day));
const row = (id: string, text: string, label: string, day = 1, corrected: number | null = null): LabelledRow => ({ id, text, label, origin: 'import', labelledAt: at(day), correctedAt: corrected === null ? null : at(corrected) });
const long = 'please tell me where the parcel with my new kettle has been for the last two weeks';

test('near-duplicates go only with the same label; exact ones always', () => {
  const rows = [row('1', `${long} a`, 'x'), row('2', `${long} b`, 'x'), row('3', `${long} c`, 'y'), row('4', `${long} A.`, 'y')];
  const near = createSieve('near');
  expect(rows.filter((r) => near.isNew(r)).map((r) => r.id)).toEqual(['1', '3']);
  expect(near.dropped).toEqual({ duplicates: 2, contradictions: 1 });
  const exact = createSieve('exact');
  expect(rows.filter((r) => exact.isNew(r)).map((r) => r.id)).toEqual(['1', '2', '3']);
});

test('replay fills the poorest label first, never above its quota, and never twice the same text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(60)), { maxLength: 80 }), fc.array(fc.constantFrom('a', 'b'), { maxLength: 20 }), fc.nat(50), async (olderSpec, currentSpec, quota) => {
      const older = olderSpec.map(([label, n], i) => row(`o${i}`, `old ${n * 7919} ${label}`, label));
      const current = currentSpec.map((label, i) => row(`c${i}`, `current ${i}`, label));
      const sieve = createSieve('exact');
      for (const r of current) sieve.isNew(r);
      const chosen = await chooseReplay(older, current, quota, sieve);
      const distinct = new Map(older.map((r) => [r.text, r.label]));
      expect(chosen.length).toBe(Math.min(quota, distinct.size));
      expect(new Set(chosen.map((r) => r.text)).size).toBe(chosen.length);
      // Nobody was passed over: a label that still had rows has at most one row fewer than any label that got one.
      const have = countByLabel([...current, ...chosen]);
      const taken = countByLabel(chosen);
      const there = countByLabel([...distinct.values()].map((label) => ({ label })));
      for (const [label, count] of there) {
        if (count === (taken.get(label) ?? 0)) continue;
        for (const other of taken.keys()) expect(have.get(label) ?? 0).toBeGreaterThanOrEqual((have.get(other) ?? 0) - 1);
      }
    }),
  );
});

test('the exam keeps former rows, takes the newest label of a text, and calls a text current when it was seen again', async () => {
  const rows = [
    row('a', 'first text', 'x', 1),
    row('b', 'second text', 'x', 2),
    row('c', 'First text!', 'y', 20),
    row('d', `${long} a`, 'x', 3),
    row('e', `${long} b`, 'x', 21),
    row('f', `${long} c`, 'z', 21),
  ];
  const { exam, duplicates } = await chooseExam(rows, new Set(['e']), at(10), 'near');
  expect(exam.map(({ id, label, window }) => [id, label, window])).toEqual([['e', 'x', true], ['a', 'y', true], ['b', 'x', false], ['f', 'z', true]]);
  expect(duplicates).toBe(2);
  const { exam: again } = await chooseExam(rows, new Set(exam.map((r) => r.id)), at(30), 'near');
  expect(again.map((r) => r.id).sort()).toEqual(['a', 'b', 'e', 'f']);
  expect(again.some((r) => r.window)).toBe(false);
});

test('rows that stood in an exam stay, even when a correction makes two of them duplicates', async () => {
  const rows = [row('a', `${long} a`, 'x', 1), row('b', `${long} b`, 'y', 2)];
  const first = await chooseExam(rows, new Set(), at(0), 'near');
  expect(first.exam.map((r) => r.id)).toEqual(['a', 'b']);
  const corrected = [rows[0]!, row('b', `${long} b`, 'x', 2, 5)];
  const { exam } = await chooseExam(corrected, new Set(['a', 'b']), at(0), 'near');
  expect(exam.map((r) => r.id)).toEqual(['a', 'b']);
  expect((await chooseExam(corrected, new Set(), at(0), 'near')).exam.map((r) => r.id)).toEqual(['a']);
});
