#!/usr/bin/env node
/** `npm run cli -- COMMAND`, and `trimtab COMMAND` once `npm link` has been called: the process. */
import path from 'node:path';
import { readConfig } from '../config.ts';
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), {
  config: (dataDir) => ({ ...readConfig(), ...(dataDir === null ? {} : { dataDir: path.resolve(dataDir) }) }),
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  ...(process.stderr.isTTY ? { status: (line) => process.stderr.write(`\r\x1b[K${line ?? ''}`) } : {}),
});
