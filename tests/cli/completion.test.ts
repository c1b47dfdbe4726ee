import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { COMMANDS, run } from '../../src/cli/run.ts';
import { keep } from './context.ts';

async function script(shell: string): Promise<string> {
  const kept = keep();
  expect(await run(['completion', shell], kept)).toBe(0);
  return kept.lines.join('\n');
}

/** What bash itself offers for a line whose last word is being typed. */
async function offered(...line: string[]): Promise<string[]> {
  const words = line.map((word) => `'${word}'`).join(' ');
  const ask = `${await script('bash')}\nCOMP_WORDS=(trimtab ${words}); COMP_CWORD=${line.length}; _trimtab; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

describe('completion', () => {
  test('bash offers the commands, the second word, and the options', async () => {
    expect(new Set(await offered(''))).toEqual(new Set(COMMANDS.map(({ words }) => words[0])));
    expect(await offered('record', '')).toEqual(['show', 'verify']);
    expect(await offered('rollback', '--r')).toEqual(['--reason']);
    expect(await offered('export', 'some-adapter', '--b')).toEqual(['--base-name']);
    expect(await offered('ro')).toEqual(['rollback']);
  });

  test('fish names every command with what it is for', async () => {
    const text = await script('fish');
    for (const { words, summary } of COMMANDS) {
      expect(text).toContain(`-a '${words[0]}'`);
      expect(text).toContain(summary.split("'")[0]);
    }
  });

  test('a shell that is not known is a wrong call', async () => {
    const kept = keep();
    expect(await run(['completion', 'cmd'], kept)).toBe(2);
    expect(kept.errors[0]).toContain('bash, zsh, fish');
  });

  test('--help of a command is its usage', async () => {
    const kept = keep();
    expect(await run(['rollback', '--help'], kept)).toBe(0);
    expect(kept.lines[0]).toContain('rollback MODEL --reason TEXT');
  });
});
