import { describe, expect, test } from 'vitest';
import { createLifecycle, type Part } from '../src/lifecycle.ts';

function recorder() {
  const log: string[] = [];
  const problems: string[] = [];
  const part = (name: string, overrides: Partial<Part> = {}): Part => ({
    name,
    start: () => Promise.resolve(void log.push(`+${name}`)),
    stop: () => Promise.resolve(void log.push(`-${name}`)),
    ...overrides,
  });
  const build = (parts: Part[], stopSeconds = 5) => createLifecycle(parts, { stopSeconds, onProblem: (p) => problems.push(p) });
  return { log, problems, part, build };
}

describe('lifecycle', () => {
  test('starts in order, stops in reverse, and callers share the work', async () => {
    const { log, part, build } = recorder();
    const life = build([part('a'), part('b')]);
    await Promise.all([life.start(), life.start()]);
    await Promise.all([life.stop(), life.stop()]);
    expect(log).toEqual(['+a', '+b', '-b', '-a']);
    expect(life.stopping).toBe(true);
  });

  test('a part that fails to start has those before it stopped, and itself', async () => {
    const { log, part, build } = recorder();
    const life = build([part('a'), part('b', { start: () => Promise.reject(new Error('no port')) }), part('c')]);
    await expect(life.start()).rejects.toThrow('no port');
    await life.stop();
    expect(log).toEqual(['+a', '-b', '-a']);
  });

  test('a stop waits for an unfinished start and keeps later parts from starting', async () => {
    const { log, part, build } = recorder();
    const gate = Promise.withResolvers<undefined>();
    const life = build([part('a', { start: async () => { await gate.promise; log.push('+a'); } }), part('b')]);
    const started = life.start();
    const stopped = life.stop();
    gate.resolve(undefined);
    await Promise.all([started, stopped]);
    expect(log).toEqual(['+a', '-a']);
  });

  test('a part that hangs or fails at its stop does not hold up the others', async () => {
    const { log, problems, part, build } = recorder();
    const life = build([part('a'), part('b', { stop: () => new Promise(() => {}) }), part('c', { stop: () => Promise.reject(new Error('broken')) })], 0.05);
    await life.start();
    await life.stop();
    expect(log).toEqual(['+a', '+b', '+c', '-a']);
    expect(problems).toEqual(['stopping c: broken', 'stopping b: not done after 0.05 s']);
  });
});
