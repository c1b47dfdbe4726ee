import { describe, expect, test } from 'vitest';
import { createChecks, StageFailed } from '../../src/demo/checks.ts';
import { parseOptions } from '../../src/demo/options.ts';
import { add, NO_SCORE, rate, score, show } from '../../src/demo/score.ts';
import { bar, createScreen, wrap } from '../../src/demo/screen.ts';
import { SPEC } from '../../src/demo/spec.ts';
import { parseSpec } from '../../src/spec.ts';

function capture(isTTY: boolean) {
  let written = '';
  return { screen: createScreen({ isTTY, write: (text) => (written += text) }), written: () => written };
}

describe('the screen', () => {
  test('on a pipe: no colours, no cursor moves, of a progress only its end', () => {
    const { screen, written } = capture(false);
    screen.stage(1, 'First');
    screen.progress('train', 0.5, 'half');
    screen.progress('train', 1, 'whole');
    screen.progress('train', 1, 'whole');
    screen.check(true, 'good');
    screen.check(false, 'bad');
    expect(written()).toBe('\n1  First\n   train       whole\n   ✓ good\n   ✗ bad\n');
  });

  test('on a terminal a progress line is drawn over by what is said next', () => {
    const { screen, written } = capture(true);
    screen.progress('train', 0.5, 'half');
    screen.line('run', 'said');
    expect(written()).toContain('half\r\u001b[2K');
    expect(written().endsWith('said\n')).toBe(true);
  });

  test('long sentences are broken between words', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('unbreakable x', 4)).toEqual(['unbreakable', 'x']);
  });

  test('the bar has one width', () => {
    expect([-1, 0, 0.3, 1, 2].map((share) => bar(share).length)).toEqual([24, 24, 24, 24, 24]);
    expect(bar(1)).not.toContain('░');
  });
});

describe('checks', () => {
  test('remember what failed; what is needed ends the demo', () => {
    const checks = createChecks(capture(false).screen);
    checks.expect(true, 'a');
    checks.expect(false, 'b');
    expect(() => checks.need(false, 'c')).toThrow(StageFailed);
    expect(checks.failed).toEqual(['b', 'c']);
    expect(checks.count).toBe(3);
  });
});

describe('scores', () => {
  const rows = ['a', 'b', 'c'].map((label) => ({ id: label, text: label, label }));
  test('count, add and show', () => {
    expect(score(rows, ['a', 'x', 'c'])).toEqual({ right: 2, rows: 3 });
    expect(() => score(rows, ['a'])).toThrow('1 answers to 3 rows');
    expect(add({ right: 1, rows: 2 }, { right: 3, rows: 8 })).toEqual({ right: 4, rows: 10 });
    expect(rate(NO_SCORE)).toBe(0);
    expect(show({ right: 80, rows: 100 })).toBe('80.0 % [71.1, 86.7]');
  });
});

describe('options and spec', () => {
  test('defaults, and what is refused', () => {
    expect(parseOptions([])).toEqual({ exit: false, seed: 1, port: 0, workers: null, data: null, gate: null });
    expect(parseOptions(['--exit', '--seed', '7', '--gate', 'never'])).toMatchObject({ exit: true, seed: 7, gate: 'never' });
    expect(() => parseOptions(['--seed', '-1'])).toThrow();
    expect(() => parseOptions(['--seed', 'x'])).toThrow('"x" is no whole number');
    expect(() => parseOptions(['--gate', 'maybe'])).toThrow('"maybe" is no mutant');
    expect(() => parseOptions(['--speed'])).toThrow('npm run demo');
  });

  test('the policy is a valid one', () => {
    expect(parseSpec(SPEC).gates.rule).toBe('superior');
  });
});
