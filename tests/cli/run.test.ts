import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { checkNode, checkWorkers } from '../../src/cli/commands/doctor.ts';
import { COMMANDS, run } from '../../src/cli/run.ts';
import { keep } from './context.ts';

describe('finding the command', () => {
  test('help names every command', async () => {
    const kept = keep();
    expect(await run(['help'], kept)).toBe(0);
    for (const { usage } of COMMANDS) expect(kept.lines.join('\n')).toContain(usage);
  });

  test('no command, or one that does not exist, is a wrong call', async () => {
    expect(await run([], keep())).toBe(2);
    const kept = keep();
    expect(await run(['record', 'burn', 'x'], kept)).toBe(2);
    expect(kept.errors[0]).toBe('there is no command "record burn"');
  });

  test('a missing argument is a wrong call; with --json the error is an object', async () => {
    const kept = keep();
    expect(await run(['record', 'verify', '--json'], kept)).toBe(2);
    expect(JSON.parse(kept.errors[0] ?? '')).toMatchObject({ code: 'bad-request' });
  });

  test('a mistyped data folder is told, and no database is made in it', async () => {
    const kept = keep();
    expect(await run(['record', 'verify', 'x', '--data', '/nowhere/data'], kept)).toBe(1);
    expect(kept.errors[0]).toMatch(/there is no data folder \/nowhere\/data; .*--data or TRIMTAB_DATA_DIR/);
  });

  test('a service that does not answer is named', async () => {
    const kept = keep();
    const file = new URL('import.csv', import.meta.url).pathname;
    const port = await closedPort();
    expect(await run(['import', 'router', file, '--url', `http://127.0.0.1:${port}`], kept)).toBe(1);
    expect(kept.errors[0]).toMatch(/^http:\/\/127.0.0.1:\d+: it does not answer \(.*ECONNREFUSED/);
    expect(await run(['import', 'router', file, '--url', 'here'], kept)).toBe(2);
  });
});

/** A port of this machine that nobody listens on. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

describe('doctor', () => {
  test('says which Node is too old', () => {
    expect(checkNode('20.20.2')).toMatchObject({ ok: false, detail: expect.stringContaining('start through npm') as unknown });
    expect(checkNode('22.17.9').ok).toBe(false);
    expect(checkNode('22.18.0').ok).toBe(true);
    expect(checkNode('24.0.0').ok).toBe(true);
  });

  test('says when workers crowd the cores', () => {
    expect(checkWorkers(2, 2)).toEqual({ name: 'workers', ok: true, detail: '2 of 2 cores' });
    expect(checkWorkers(3, 2).ok).toBe(false);
  });
});
