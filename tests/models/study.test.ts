/** The study's tables say what its results say: means are taken anew from every test row's mark. models/study/test_compare.py checks the intervals. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJson } from './bases.ts';

interface Task {
  readonly rate: number;
  readonly columns: number;
  readonly right: readonly (readonly number[])[];
  readonly rows: { readonly train: number; readonly test: number };
  readonly rates: Readonly<Record<string, { readonly chosenOn: readonly number[] }>>;
}

const STUDY = join(import.meta.dirname, '../../models/study');
const results = (name: string): Record<string, Task> => (readJson(join(STUDY, 'results', `${name}.json`)) as { tasks: Record<string, Task> }).tasks;
const [lora, full] = [results('lora'), results('full')];
const readme = readFileSync(join(STUDY, 'README.md'), 'utf8');
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Of one seed: the mean of its rows, or F1 of [right, found, there] over all rows. */
function scoreOf(right: readonly number[], columns: number): number {
  if (columns === 1) return mean(right);
  const [good, found, there] = [0, 1, 2].map((column) => right.reduce((sum, value, i) => sum + (i % 3 === column ? value : 0), 0)) as [number, number, number];
  return (2 * good) / (found + there);
}
const scores = ({ right, columns }: Task): number[] => right.map((seed) => scoreOf(seed, columns));

test('every task of either method has its row, with its mean; what was cut off is said', () => {
  expect(Object.keys(full)).toEqual(['HWU64', 'SNIPS slots', 'paragraph search']);
  for (const [name, task] of Object.entries(full)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| ${name} (`))!;
    const [, , ours, theirs, kept] = row.split('|').map((cell) => cell.trim());
    expect(theirs).toContain(mean(scores(task)).toFixed(4));
    const mine = lora[name];
    if (mine === undefined) {
      expect([ours, kept]).toEqual(['cut off', 'unknown']);
      continue;
    }
    expect(ours).toContain(mean(scores(mine)).toFixed(4));
    expect(kept).toContain(`**${((100 * mean(scores(mine))) / mean(scores(task))).toFixed(1)} %**`);
    expect(mine.rows).toEqual(task.rows);
  }
});

test('three seeds each, one mark for every test row, and the rate was chosen on the held-out tenth', () => {
  for (const task of [...Object.values(lora), ...Object.values(full)]) {
    expect(task.right.map((seed) => seed.length)).toEqual(Array(3).fill(task.rows.test * task.columns));
    const best = Object.entries(task.rates).reduce((a, b) => (mean(b[1].chosenOn) > mean(a[1].chosenOn) ? b : a));
    expect(Number(best[0])).toBe(task.rate);
  }
});
