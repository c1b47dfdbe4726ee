/** The demo notices when the gates do not work: with one that always promotes, or never does, it fails; with ours it passes. */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';

function demo(...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['src/demo/main.ts', '--exit', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, output }));
  });
}

test('as shipped: every stage comes out as told', async () => {
  const { code, output } = await demo();
  expect(output).not.toContain('✗');
  expect(code, output).toBe(0);
});

test('a gate that always promotes: the challenger of wrong labels goes live, and the demo says so', async () => {
  const { code, output } = await demo('--gate', 'always');
  expect(output).toContain('✗ the challenger is refused, with the reason');
  expect(code, output).toBe(1);
});

test('a gate that never promotes: no adapter goes live, and the demo says so', async () => {
  const { code, output } = await demo('--gate', 'never');
  expect(output).toContain('✗ the first adapter is live');
  expect(code, output).toBe(1);
});
