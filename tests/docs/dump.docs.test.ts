/** What docs/operations.md says of dumping and restoring a PostgreSQL of one's own, typed on Debian's; says so where that is not installed. */
import { execFile, type ExecFileOptions } from 'node:child_process';
import { chown, mkdir, readdir, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { temporaryDataDir } from '../../src/store/embedded.ts';
import { readPage, stepsOf } from './pages.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const versions = await readdir(DEBIAN).catch(() => []);
const bin = path.join(DEBIAN, versions.sort((a, b) => Number(a) - Number(b)).at(-1) ?? '', 'bin');
if (versions.length === 0) console.warn('SKIPPED: no PostgreSQL of Debian is installed');

/** The command of the page that begins with a word. */
function command(word: string): string {
  const found = stepsOf(readPage('docs/operations.md')).flatMap((step) => (step.kind === 'shell' ? step.commands : [])).filter((each) => each.startsWith(word));
  if (found.length !== 1) throw new Error(`docs/operations.md has ${found.length} commands "${word}"`);
  return found[0] as string;
}

/** PostgreSQL refuses to run as root. */
async function owner(): Promise<Pick<ExecFileOptions, 'uid' | 'gid'>> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

async function withServer(folder: string, work: (url: (database: string) => string) => Promise<void>): Promise<void> {
  const as = await owner();
  const cluster = path.join(folder, 'cluster');
  await mkdir(cluster);
  if (as.uid !== undefined && as.gid !== undefined) await chown(cluster, as.uid, as.gid);
  const options = { ...as, cwd: cluster };
  const port = await freePort();
  await run(path.join(bin, 'initdb'), ['--pgdata', cluster, '--username', 'trimtab', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C'], options);
  await run(path.join(bin, 'pg_ctl'), ['start', '-D', cluster, '-w', '-l', path.join(cluster, 'server.log'), '-o', `-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c port=${port}`], options);
  try {
    await work((database) => `postgres://trimtab@127.0.0.1:${port}/${database}`);
  } finally {
    await run(path.join(bin, 'pg_ctl'), ['stop', '-D', cluster, '-m', 'fast', '-w'], options);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The service on a database, for as long as `work` takes; answers what a route answered. */
async function serving<T>(url: string, dataDir: string, work: (call: (method: 'GET' | 'POST' | 'PUT', route: string, body?: object) => Promise<unknown>) => Promise<T>): Promise<T> {
  const app = await createApp({ config: readConfig({ DATABASE_URL: url, TRIMTAB_DATA_DIR: dataDir, TRIMTAB_PORT: '0', TRIMTAB_LOG_LEVEL: 'error' }) });
  await app.start();
  try {
    return await work(async (method, route, body) => {
      const response = await fetch(`${app.url}${route}`, { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const answer = await response.json();
      if (!response.ok) throw new Error(`${method} ${route}: ${JSON.stringify(answer)}`);
      return answer;
    });
  } finally {
    await app.stop();
  }
}

test.skipIf(versions.length === 0)('a dump, restored into an empty database, is served', async () => {
  const folder = await temporaryDataDir('trimtab-dump-');
  try {
    await withServer(folder, async (url) => {
      const admin = new pg.Client(url('postgres'));
      await admin.connect();
      await admin.query('create database before');
      await admin.query('create database after');
      await admin.end();
      const ids = Array.from({ length: 100 }, (_, i) => `p-${i}`);
      const asked = await serving(url('before'), path.join(folder, 'data'), async (call) => {
        await call('PUT', '/v1/models/router', { name: 'router', task: 'classification', serving: {} });
        await call('POST', '/v1/predictions', ids.map((id, i) => ({ model: 'router', id, input: `text ${i}`, label: i % 2 === 0 ? 'a' : 'b', confidence: 0.9 })));
        await call('POST', '/v1/feedback', ids.slice(0, 50).map((id) => ({ model: 'router', predictionId: id, label: 'a' })));
        return { found: await call('POST', '/v1/models/router/predictions/find', { ids }), model: await call('GET', '/v1/models/router') };
      });
      expect(asked.found).toHaveLength(ids.length);
      const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, DATABASE_URL: url('before'), NEW_DATABASE_URL: url('after') };
      for (const word of ['pg_dump', 'pg_restore']) await run('bash', ['-c', command(word)], { cwd: folder, env });
      await serving(url('after'), path.join(folder, 'fresh'), async (call) => {
        expect(await call('POST', '/v1/models/router/predictions/find', { ids })).toEqual(asked.found);
        expect(await call('GET', '/v1/models/router')).toEqual(asked.model);
        // what was known stays known, and what is new is taken
        expect(await call('POST', '/v1/predictions', [{ model: 'router', id: 'p-0', input: 'text 0', label: 'a' }, { model: 'router', id: 'new', input: 'text', label: 'a' }])).toMatchObject({ accepted: 1, duplicates: 1 });
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
