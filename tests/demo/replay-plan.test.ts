import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as options from '../../src/demo/replay/options.ts';
import { cutWindows, groupStages, makePlan } from '../../src/demo/replay/plan.ts';
import type { ReplayRow } from '../../src/demo/replay/rows.ts';

const rowsOf = (counts: Readonly<Record<string, number>>): ReplayRow[] =>
  Object.entries(counts).flatMap(([stage, count]) => Array.from({ length: count }, (_, i) => ({ id: `${stage}${i}`, text: `${stage} ${i}`, label: stage, stage })));
const minimal = ['--data', 'f.csv', '--text', 't', '--label', 'l', '--stage', 's'];
const parseOptions = (args: readonly string[]): options.ReplayOptions => {
  const parsed = options.parseOptions(args);
  if (parsed === 'help') throw new Error('asked for help');
  return parsed;
};

describe('options', () => {
  test('the four required ones are enough', () => {
    expect(parseOptions(minimal)).toMatchObject({ data: 'f.csv', columns: { text: 't', truth: 'l', stage: 's' }, task: 'classification', grouping: { kind: 'each' }, keep: 0.15, feedbackDelay: 0, json: false });
  });

  test('each task has its own column for the truth, by its own word or by --label', () => {
    const truth = (...args: string[]) => parseOptions(['--data', 'f', ...args]).columns.truth;
    expect([truth(), truth('--labels', 'multi'), truth('--task', 'extraction'), truth('--task', 'embedding'), truth('--task', 'generation')]).toEqual(['label', 'labels', 'spans', 'positive', 'completion']);
    expect([truth('--task', 'extraction', '--spans', 'x'), truth('--task', 'generation', '--label', 'y')]).toEqual(['x', 'y']);
  });

  test('help asks for nothing, the example for no file', () => {
    expect(options.parseOptions(['--help'])).toBe('help');
    expect(options.USAGE).toContain('--task TASK');
    expect(parseOptions(['--example']).data).toBeNull();
  });

  test.each([
    [minimal.slice(2), '--data: is missing'],
    [[...minimal, '--seed', 'x'], '--seed: "x" cannot be used'],
    [[...minimal, '--keep', '1'], '--keep'],
    [[...minimal, '--feedback-delay', '-1'], 'feedback-delay'],
    [[...minimal, '--group', '2,0'], '--group: "0" cannot be used'],
    [[...minimal, '--group', '2', '--stages', 'a'], 'contradicts'],
    [[...minimal, '--rule', 'best'], '"best" is no rule'],
    [[...minimal, '--unknown'], 'usage'],
    [[...minimal, '--task', 'cooking'], '--task: "cooking" is no task; classification or extraction'],
    [[...minimal, '--spans', 'x'], '--spans: is not of task classification; give --label'],
    [[...minimal, '--example'], '--example: contradicts --data'],
  ])('%j is refused: %s', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe('stages', () => {
  const rows = rowsOf({ a: 2, b: 1, c: 1 });

  test('in order of first appearance, by sizes, or as named', () => {
    expect(groupStages(rows, { kind: 'each' })).toEqual([['a'], ['b'], ['c']]);
    expect(groupStages(rows, { kind: 'sizes', sizes: [2, 1] })).toEqual([['a', 'b'], ['c']]);
    expect(groupStages(rows, parseOptions([...minimal, '--stages', 'c+a,b']).grouping)).toEqual([['c', 'a'], ['b']]);
  });

  test('what does not fit names the values that exist', () => {
    expect(() => groupStages(rows, { kind: 'sizes', sizes: [2, 2] })).toThrow('sum to 4, but the stage column has 3 values; its values are, in order of first appearance: a, b, c');
    expect(() => groupStages(rows, { kind: 'named', stages: [['a'], ['x']] })).toThrow('no value "x"');
    expect(() => groupStages(rows, { kind: 'named', stages: [['a'], ['a']] })).toThrow('twice');
    expect(() => groupStages(rowsOf({ a: 3 }), { kind: 'each' })).toThrow('at least two stages');
  });
});

describe('the plan', () => {
  test('old rows go on: 55/15/15/15, 70/15/15, 85/15, 100; half of the first stage is the control', () => {
    const plan = makePlan(rowsOf({ a: 1_000, b: 100, c: 100, d: 100 }), [['a'], ['b'], ['c'], ['d']], { keep: 0.15, seed: 1 });
    expect(plan.initial).toHaveLength(275);
    const shape = plan.stages.map(({ rows }) => ['a', 'b', 'c', 'd'].map((stage) => rows.filter((row) => row.stage === stage).length));
    expect(shape).toEqual([[275, 0, 0, 0], [150, 70, 0, 0], [150, 15, 85, 0], [150, 15, 15, 100]]);
    expect(plan.stages.map((stage) => stage.newRows)).toEqual([275, 70, 85, 100]);
  });

  test('every row of a stage is sent exactly once, whatever the shares', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 5 }), fc.double({ min: 0, max: 0.2, noNaN: true }), fc.nat(), (counts, keep, seed) => {
        const rows = rowsOf(Object.fromEntries(counts.map((count, i) => [`s${i}`, count])));
        const plan = makePlan(rows, groupStages(rows, { kind: 'each' }), { keep, seed });
        const sent = [...plan.initial, ...plan.stages.flatMap((stage) => stage.rows)].map((row) => row.id);
        expect(sent.sort()).toEqual(rows.map((row) => row.id).sort());
      }),
    );
  });

  test('the seed decides the order, and nothing else does', () => {
    const rows = rowsOf({ a: 50, b: 50 });
    const plan = (seed: number) => makePlan(rows, [['a'], ['b']], { keep: 0.15, seed });
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  test('a share that leaves nothing for the first stage is refused', () => {
    expect(() => makePlan(rowsOf({ a: 5, b: 5, c: 5 }), [['a'], ['b'], ['c']], { keep: 0.5, seed: 1 })).toThrow('leaves nothing');
  });
});

describe('windows', () => {
  test('they keep every row in order, have whole panes, and never straddle a third', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 10, max: 200 }), (count, paneRows) => {
        const rows = rowsOf({ a: count });
        const windows = cutWindows(rows, paneRows);
        expect(windows.flatMap((window) => window.panes.flat())).toEqual(rows);
        expect(windows.flatMap((window) => window.panes).slice(0, -1).every((pane) => pane.length === paneRows)).toBe(true);
        const thirds = windows.map((window) => window.third);
        expect(thirds).toEqual([...thirds].sort());
      }),
    );
    expect(cutWindows(rowsOf({ a: 1_800 }), 100).map((window) => [window.third, window.panes.length])).toEqual([[0, 3], [0, 3], [1, 3], [1, 3], [2, 3], [2, 3]]);
  });
});
