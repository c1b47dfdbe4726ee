import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capExam, chooseExam, chooseReplay, countBy, countLabels, createSieve } from '../../src/datasets/curate.ts';
import { taskRules } from '../../src/tasks/index.ts';
import type { LabelledRow } from '../../src/store/datasets.ts';

const same = (label: string) => label;
const at = (day: number) => new Date(Date.UTC(2026, 0, day));
const row = (id: string, text: string, label: string, day = 1, corrected: number | null = null): LabelledRow => ({ id, text, label, origin: 'import', labelledAt: at(day), correctedAt: corrected === null ? null : at(corrected) });
const long = 'please tell me where the parcel with my new kettle has been for the last two weeks';

test('near-duplicates go only with the same label; exact ones always', () => {
  const rows = [row('1', `${long} a`, 'x'), row('2', `${long} b`, 'x'), row('3', `${long} c`, 'y'), row('4', `${long} A.`, 'y')];
  const near = createSieve('near', same);
  expect(rows.filter((r) => near.isNew(r)).map((r) => r.id)).toEqual(['1', '3']);
  expect(near.dropped).toEqual({ duplicates: 2, contradictions: 1 });
  const exact = createSieve('exact', same);
  expect(rows.filter((r) => exact.isNew(r)).map((r) => r.id)).toEqual(['1', '2', '3']);
});

test('replay fills the poorest label first, never above its quota, and never twice the same text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(60)), { maxLength: 80 }), fc.array(fc.constantFrom('a', 'b'), { maxLength: 20 }), fc.nat(50), async (olderSpec, currentSpec, quota) => {
      const older = olderSpec.map(([label, n], i) => row(`o${i}`, `old ${n * 7919} ${label}`, label));
      const current = currentSpec.map((label, i) => row(`c${i}`, `current ${i}`, label));
      const sieve = createSieve('exact', same);
      for (const r of current) sieve.isNew(r);
      const chosen = await chooseReplay(older, current, quota, sieve, same);
      const distinct = new Map(older.map((r) => [r.text, r.label]));
      expect(chosen.length).toBe(Math.min(quota, distinct.size));
      expect(new Set(chosen.map((r) => r.text)).size).toBe(chosen.length);
      // Nobody was passed over: a label that still had rows has at most one row fewer than any label that got one.
      const have = countBy([...current, ...chosen], same);
      const taken = countBy(chosen, same);
      const there = countBy([...distinct.values()].map((label) => ({ label })), same);
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
  const { exam, duplicates } = await chooseExam(rows, new Set(['e']), at(10), 'near', same);
  expect(exam.map(({ id, label, window }) => [id, label, window])).toEqual([['e', 'x', true], ['a', 'y', true], ['b', 'x', false], ['f', 'z', true]]);
  expect(duplicates).toBe(2);
  const { exam: again } = await chooseExam(rows, new Set(exam.map((r) => r.id)), at(30), 'near', same);
  expect(again.map((r) => r.id).sort()).toEqual(['a', 'b', 'e', 'f']);
  expect(again.some((r) => r.window)).toBe(false);
});

test('rows that stood in an exam stay, even when a correction makes two of them duplicates', async () => {
  const rows = [row('a', `${long} a`, 'x', 1), row('b', `${long} b`, 'y', 2)];
  const first = await chooseExam(rows, new Set(), at(0), 'near', same);
  expect(first.exam.map((r) => r.id)).toEqual(['a', 'b']);
  const corrected = [rows[0]!, row('b', `${long} b`, 'x', 2, 5)];
  const { exam } = await chooseExam(corrected, new Set(['a', 'b']), at(0), 'near', same);
  expect(exam.map((r) => r.id)).toEqual(['a', 'b']);
  expect((await chooseExam(corrected, new Set(), at(0), 'near', same)).exam.map((r) => r.id)).toEqual(['a']);
});

test('a group for every row is taken in the order of groups', async () => {
  const older = Array.from({ length: 6_000 }, (_, i) => row(`o${i}`, `some text number ${i * 7919}`, `document ${i}`));
  const chosen = await chooseReplay(older, [], 3_000, createSieve('exact', same), same);
  expect(chosen.map((r) => r.label)).toEqual(older.map((r) => r.label).sort().slice(0, 3_000));
});

test('rows of one group are near-duplicates whatever their offsets', () => {
  const spans = (start: number) => `[{"start":${start},"end":${start + 2},"label":"item"}]`;
  const sieve = createSieve('near', taskRules('extraction').groupOf);
  expect([row('1', `${long} a`, spans(1)), row('2', `${long} b`, spans(2)), row('3', `${long} c`, '[]')].map((r) => sieve.isNew(r))).toEqual([true, false, true]);
});

test('labels of spans are counted by the rows that have them', () => {
  const { labelsIn } = taskRules('extraction');
  const rows = [{ label: '[{"start":0,"end":1,"label":"a"},{"start":2,"end":3,"label":"a"}]' }, { label: '[{"start":0,"end":1,"label":"b"}]' }, { label: '[]' }];
  expect([...countLabels(rows, labelsIn)]).toEqual([['a', 1], ['b', 1]]);
  expect(countLabels([{ label: 'text' }], taskRules('generation').labelsIn).size).toBe(0);
});

describe('a capped exam', () => {
  const question = (id: string, window: boolean) => ({ id, text: id, label: 'x', window, origin: 'import' as const });
  const exam = Array.from({ length: 200 }, (_, i) => question(`q${i}`, i >= 150));

  test('has all rows of the window first, then older ones, in their order', () => {
    const capped = capExam(exam, 120);
    expect(capped).toHaveLength(120);
    expect(capped.filter((r) => r.window)).toHaveLength(50);
    expect(capped).toEqual(exam.filter((r) => capped.includes(r)));
    expect(capExam(exam, 200)).toEqual(exam);
    expect(capExam(exam, 20).every((r) => r.window)).toBe(true);
  });

  test('keeps a row from exam to exam as long as there is room, whatever the order of rows', () => {
    const first = new Set(capExam(exam, 120).map((r) => r.id));
    const grown = [...exam, ...Array.from({ length: 30 }, (_, i) => question(`new${i}`, false))].reverse();
    const second = capExam(grown, 120).map((r) => r.id);
    // who had to go went for a newcomer
    expect(second.filter((id) => !first.has(id)).every((id) => id.startsWith('new'))).toBe(true);
    expect(capExam(grown, 150).map((r) => r.id)).toEqual(expect.arrayContaining(second));
  });
});
