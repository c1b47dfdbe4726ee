import { expect, test } from 'vitest';
import { chainedRuns, singleRuns, type Judge } from '../../bench/gates.ts';
import { judge } from '../../src/evaluation/gates.ts';
import { clopperPearson } from '../../src/statistics/intervals.ts';

// The same simulation as `node bench/gates.ts`, smaller. Seeds are fixed; the margins are what chance allows.
const alpha = 0.05;
const chain = { chains: 12, runs: 50, fresh: 40, window: 400, seed: 3 };
const single = { n: 500, repeats: 300, seed: 4 };

/** Whether so many false promotions can be chance at a rate of alpha (99 %). */
const within = (hits: number, n: number) => clopperPearson(hits, n, 0.98).low <= alpha;

test('equal and worse challengers are promoted in at most alpha of the runs, better ones mostly', () => {
  const equal = singleRuns(judge, { ...single, lead: 0 });
  expect(within(equal.promote * single.repeats, single.repeats)).toBe(true);
  expect(singleRuns(judge, { ...single, lead: -0.01 }).promote).toBeLessThan(0.03);
  expect(singleRuns(judge, { ...single, lead: 0.04 }).promote).toBeGreaterThan(0.7);
  expect(singleRuns(judge, { ...single, lead: -0.04 }).reject).toBeGreaterThan(0.7);
});

test('fifty chained runs on one growing exam: false promotions at most alpha a run, and not never', () => {
  const { promotions, runs } = chainedRuns(judge, chain);
  expect(within(promotions, runs)).toBe(true);
  expect(promotions).toBeGreaterThan(0);
});

const mutants: Record<string, Judge> = {
  'always promotes': () => ({ verdict: 'promote' }),
  'promotes whoever is ahead': (input) => ({ verdict: judge({ ...input, spec: { ...input.spec, alpha: 0.5 } }).verdict }),
};

test.each(Object.entries(mutants))('a judge that %s is caught by both', (_name, mutant) => {
  const { promotions, runs } = chainedRuns(mutant, { ...chain, chains: 4 });
  expect(within(promotions, runs)).toBe(false);
  expect(within(singleRuns(mutant, { ...single, repeats: 100, lead: 0 }).promote * 100, 100)).toBe(false);
});

test('a judge that never promotes shows no power', () => {
  expect(singleRuns(() => ({ verdict: 'reject' }), { ...single, repeats: 20, lead: 0.04 }).promote).toBeLessThan(0.7);
});
