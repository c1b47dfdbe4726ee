import { describe, expect, test } from 'vitest';
import { readArguments, textOf } from '../../src/cli/arguments.ts';

const read = (...args: string[]) => readArguments(args, ['ID'], 'record show ID', { url: { type: 'string' } });

describe('arguments of a command', () => {
  test('positionals and options, in any order', () => {
    const parsed = read('--json', 'r-1', '--url', 'http://x');
    expect(parsed.positionals).toEqual(['r-1']);
    expect(parsed.values['json']).toBe(true);
    expect(textOf(parsed, 'url')).toBe('http://x');
    expect(textOf(parsed, 'data')).toBeNull();
  });

  test('what is missing, too much or unknown is named, with the usage', () => {
    expect(() => read()).toThrow('ID: is missing; usage: npm run cli -- record show ID');
    expect(() => read('a', 'b')).toThrow('"b": is one argument too many');
    expect(() => read('a', '--colour')).toThrow(/--colour/);
    expect(() => read('a', '--url')).toThrow(/--url/);
  });
});
