/**
 * The page's files: where they lie, and building them once where they are missing or older than their sources. The build is a child
 * process, so that the event loop stays free, and goes to a folder of its own, which is put in place when it is whole.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from './errors.ts';
import type { Logger } from './telemetry/logger.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
export const PAGE_FOLDER = path.join(ROOT, 'dist', 'ui');
const SOURCES = path.join(ROOT, 'src', 'ui');
const VITE = path.join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');

/** `missing` carries what to do about it. */
export type PageState = { readonly state: 'ready' | 'building' } | { readonly state: 'missing'; readonly why: string };

export interface Page {
  /** Holds index.html and assets/ once it is ready. */
  readonly folder: string;
  state(): PageState;
  /** Begins to build where that is needed and can be done; does not wait. */
  start(): void;
  stop(): Promise<void>;
}

export function createPage({ log, folder = PAGE_FOLDER }: { log: Pick<Logger, 'info' | 'warn'>; folder?: string }): Page {
  let child: ChildProcess | null = null;
  let ended: Promise<void> = Promise.resolve();
  let failure: string | null = null;

  const build = async () => {
    const target = `${folder}.${process.pid}`;
    try {
      log.info('the page is being built');
      await run((child = spawn(process.execPath, [VITE, 'build', '--outDir', target, '--logLevel', 'error'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })));
      await rm(folder, { recursive: true, force: true });
      await rename(target, folder);
      log.info('the page is built');
    } catch (error) {
      failure = messageOf(error);
      log.warn({ problem: failure }, 'the page could not be built; "npm run build:ui" shows why');
    } finally {
      child = null;
      await rm(target, { recursive: true, force: true });
    }
  };

  return {
    folder,
    state() {
      if (existsSync(path.join(folder, 'index.html'))) return { state: 'ready' };
      if (child !== null) return { state: 'building' };
      return { state: 'missing', why: failure ?? (existsSync(VITE) ? 'it was not built' : 'it was not built, and Vite is not installed here') };
    },
    start() {
      if (isCurrent(folder) || !existsSync(VITE) || !existsSync(SOURCES)) return;
      ended = build();
    },
    async stop() {
      child?.kill();
      await ended;
    },
  };
}

/** Whether the built page is as new as its sources. */
function isCurrent(folder: string): boolean {
  const index = statSync(path.join(folder, 'index.html'), { throwIfNoEntry: false });
  if (index === undefined) return false;
  const names = existsSync(SOURCES) ? readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }) : [];
  return names.every((name) => statSync(path.join(SOURCES, name)).mtimeMs <= index.mtimeMs);
}

function run(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code, signal) => (code === 0 ? resolve() : reject(new Error(said.trim().split('\n')[0] || `the build ended with ${signal ?? code}`))));
  });
}
