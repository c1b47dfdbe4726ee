/** A person at a shell: a copy of the repository, one bash that keeps its variables, and the service in another window. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, readdir, rm, symlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { temporaryDataDir } from '../../src/store/embedded.ts';
import { isAlive } from '../../src/training/executors/process.ts';
import { latestStart } from '../../src/training/executors/starts.ts';
import { isAsShown, readPage, ROOT, shownBehind, stepsOf, type Step } from './pages.ts';

type Shell = Extract<Step, { kind: 'shell' }>;

/** Not in a fresh clone, or shared with it. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'data', 'dist', 'coverage']);
const COMMAND_MS = 120_000;
const REPEAT_MS = 150_000;
const PAUSE_MS = 500;
const SERVE = /^(?:[A-Z_]+=\S+ )*(?:npm (?:start|run cli -- serve)\b|node_modules\/\.bin\/node src\/main\.ts)/;
/** An answer that is a problem fails a command, and progress is no output. */
const PRELUDE = 'exec 2>&1\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n';

export interface Session {
  /** Commands so far. */
  readonly typed: number;
  /** Follows a page from its first line to its last. @throws Error that names page and line of what did not come out as told */
  follow(page: string): Promise<void>;
  /** The same for a text that is no page. */
  followText(name: string, text: string): Promise<void>;
  end(): Promise<void>;
}

export async function openSession(): Promise<Session> {
  const folder = await temporaryDataDir('trimtab-docs-');
  for (const name of await readdir(ROOT)) if (!LEFT_OUT.has(name)) await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const port = await freePort();
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', TRIMTAB_PORT: String(port), TRIMTAB_LOG_LEVEL: 'warn' };
  const bash = openBash(folder, env);
  const kept = new Map<string, string>();
  let service: ChildProcess | null = null;
  let last = '';
  let typed = 0;

  const stop = async () => {
    if (service !== null) await stopped(service);
    service = null;
  };
  const serve = async (command: string) => {
    await stop();
    service = spawn('bash', ['-c', `exec env ${command}`], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
    await ready(`http://127.0.0.1:${port}`, service);
  };
  const one = async (command: string, { exits = 0 }: { exits?: number } = {}) => {
        typed += 1;
    if (SERVE.test(command)) return serve(command);
    const text = [...kept].reduce((each, [name, value]) => each.replaceAll(new RegExp(`(?<![$\\w{])${name}\\b`, 'g'), value), command).replaceAll('8080', String(port));
    const { output, code } = await bash.run(text);
    last = output;
    if (code !== exits) throw new Error(`"${text}" exits ${code} and should exit ${exits}:\n${output}`);
    const shown = shownBehind(command);
    if (shown !== null && !isAsShown(output, shown)) throw new Error(`"${text}" should answer ${shown}, and answers\n${output}`);
  };
  const block = async ({ commands, stop: first, until, exits }: Shell) => {
    if (first) await stop();
    for (const [i, command] of commands.entries()) await (until !== null && i === commands.length - 1 ? repeat(command, until) : one(command, i === commands.length - 1 ? { exits } : {}));
  };
  const repeat = async (command: string, until: string) => {
    const began = performance.now();
    for (;;) {
      // before there is what it asks for it may be refused
      const refused = await one(command).then(() => null, (error: unknown) => error as Error);
      if (last.includes(until)) return;
      if (performance.now() - began > REPEAT_MS) throw refused ?? new Error(`"${command}" did not come to "${until}":\n${last}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const keep = async (name: string, value: string) => {
    kept.set(name, value);
    await bash.run(`${name}='${value}'`);
  };
  const step = async (each: Step) => {
    if (each.kind === 'shell' && each.notRun === null) await block(each);
    if (each.kind === 'output' && !isAsShown(last, each.text)) throw new Error(`the page shows\n${each.text}\nand the output was\n${last}`);
    if (each.kind === 'keep') await keep(each.name, valueAt(last, each.at));
  };

  const followText = async (name: string, text: string) => {
    for (const each of stepsOf(text)) {
      await step(each).catch((error: unknown) => {
        throw new Error(`${name}:${each.line}: ${(error as Error).message}`, { cause: error });
      });
    }
  };

  return {
    get typed() { return typed; },
    follow: (page) => followText(page, readPage(page)),
    followText,
    async end() {
      await stop();
      bash.end();
      await endJobs(path.join(folder, 'data', 'jobs'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function valueAt(json: string, where: string): string {
  const value = where.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], JSON.parse(json));
  if (typeof value !== 'string') throw new Error(`there is no text at ${where} of ${json}`);
  return value;
}

function openBash(cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn('bash', ['--norc'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const mark = `-- ended ${process.pid} `;
  let said = '';
  let heard = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    heard();
  });
  child.stdin.write(PRELUDE);
  return {
    run(command: string): Promise<{ output: string; code: number }> {
      said = '';
      child.stdin.write(`{ ${command}\n} < /dev/null\nprintf '\\n${mark}%s\\n' $?\n`);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`"${command}" did not end in ${COMMAND_MS / 1_000} s; it said\n${said}`)), COMMAND_MS);
        heard = () => {
          const [output = '', code] = said.split(`\n${mark}`);
          if (code === undefined || !code.endsWith('\n')) return;
          clearTimeout(timer);
          resolve({ output, code: Number(code) });
        };
      });
    },
    end: () => signalGroup(child, 'SIGKILL'),
  };
}

/** Training jobs outlive the service. */
async function endJobs(jobs: string): Promise<void> {
  for (const job of await readdir(jobs).catch(() => [])) {
    const start = latestStart(path.join(jobs, job));
    if (start !== null && isAlive(start)) process.kill(-start.pid, 'SIGKILL');
  }
}

/** npm, and what it started. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Through npm by Ctrl-C, which a terminal sends to all; itself by SIGTERM, as a supervisor does. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the service had ended with ${child.signalCode ?? child.exitCode}`);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const throughNpm = child.spawnargs.some((each) => each.includes('npm '));
  if (throughNpm) signalGroup(child, 'SIGINT');
  else child.kill('SIGTERM');
  const code = await ended;
  if (!throughNpm && code !== 0) throw new Error(`the service was told to stop and ended with code ${code}`);
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const until = performance.now() + COMMAND_MS;
  while (!(await fetch(`${url}/health/ready`).then((response) => response.ok, () => false))) {
    if (child.exitCode !== null) throw new Error(`the service ended with code ${child.exitCode}`);
    if (performance.now() > until) throw new Error(`the service was not ready after ${COMMAND_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
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
