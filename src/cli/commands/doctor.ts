/** `doctor`: whether this machine has what the service needs. Each check does the thing itself. */
import { access, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../../config.ts';
import { messageOf } from '../../errors.ts';
import { initialValues, planAdapter } from '../../lora/adapter.ts';
import { readBase } from '../../lora/base.ts';
import { createMember } from '../../lora/member.ts';
import { architectureOf } from '../../lora/models/index.ts';
import { findEngines } from '../../lora/backends/tensorflow/find.ts';
import { databaseNow } from '../../store/clock.ts';
import { temporaryDataDir } from '../../store/embedded.ts';
import { chooseBackend } from '../../training/engines/tfjs/backend.ts';
import { readArguments, textOf } from '../arguments.ts';
import type { Command } from '../command.ts';
import { examineGpu, examineTensorflow, simdText } from '../engine/examine.ts';
import { examineAddress, examineObjects } from '../neighbours.ts';
import { withStore } from '../open.ts';

const usage = 'doctor';
/** The first that strips types without a flag; npm scripts bring a newer one of their own. */
const OLDEST_NODE = [22, 18] as const;
const BUNDLED = ['./models/mini-encoder', './models/mini-decoder'] as const;
const GIB = 2 ** 30;

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, or what to do. */
  readonly detail: string;
}

export const doctor: Command = {
  words: ['doctor'],
  usage,
  summary: 'check Node, PostgreSQL, the store of objects, the address, the bundled bases, the workers; say which backend would compute and why, and what is missing',
  async run(args, context) {
    const parsed = readArguments(args, [], usage);
    const checks = await examine(context.config(textOf(parsed, 'data')));
    if (parsed.values['json'] === true) context.out(JSON.stringify(checks));
    else for (const { name, ok, detail } of checks) context.out(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)}  ${detail}`);
    return checks.every(({ ok }) => ok) ? 0 : 1;
  },
};

export async function examine(config: Config): Promise<Check[]> {
  const used = await access(config.dataDir).then(() => true, () => false);
  return [
    checkNode(process.versions.node),
    await check('postgres', () => postgres(config, used)),
    await check('objects', () => examineObjects(config, used)),
    await check('address', () => examineAddress(config)),
    ...(await Promise.all(BUNDLED.map((folder) => check('base', async () => `${folder}, sha256 ${(await readBase(path.resolve(config.baseDir, folder), null)).digest.slice(0, 12)}`)))),
    await check('wasm', async () => `${simdText()}; ${await wasm(config)}`),
    { name: 'tensorflow', ...examineTensorflow(findEngines(config.engineDir)) },
    { name: 'gpu', ok: true, detail: await examineGpu(config.engineDir) },
    await check('backend', () => Promise.resolve(chosen(config))),
    { name: 'memory', ok: true, detail: `${(os.totalmem() / GIB).toFixed(1)} GiB, ${(process.availableMemory() / GIB).toFixed(1)} GiB free for this process` },
    checkWorkers(config.workers, os.availableParallelism()),
  ];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return { name: 'node', ok, detail: ok ? version : `${version} cannot run TypeScript; start through npm, whose scripts use the Node in node_modules, or use ${OLDEST_NODE.join('.')} or newer` };
}

export function checkWorkers(workers: number, cores: number): Check {
  return { name: 'workers', ok: workers <= cores, detail: workers <= cores ? `${workers} of ${cores} cores` : `${workers} workers share ${cores} cores; set TRIMTAB_WORKERS to ${cores} or fewer` };
}

async function check(name: string, work: () => Promise<string>): Promise<Check> {
  return work().then((detail) => ({ name, ok: true, detail }), (error: unknown) => ({ name, ok: false, detail: messageOf(error) }));
}

/** The database that the service would use; before its first start, an embedded one of our own, to see that it starts. */
async function postgres(config: Config, hasData: boolean): Promise<string> {
  const used = config.databaseUrl !== null || hasData;
  const dataDir = used ? config.dataDir : await temporaryDataDir('trimtab-doctor-');
  try {
    const now = await withStore({ ...config, dataDir }, ({ pool }) => databaseNow(pool));
    const which = config.databaseUrl === null ? (used ? `embedded in ${dataDir}` : 'embedded, tried in a temporary folder') : 'from DATABASE_URL';
    return `${which}, its clock says ${now.toISOString()}`;
  } finally {
    if (!used) await rm(dataDir, { recursive: true, force: true });
  }
}

/** What a job that leaves the choice to us would compute with. */
function chosen({ engineDir, workers }: Config): string {
  const { name, why } = chooseBackend({ backend: 'auto', workers, engineDir, compileDir: null });
  return `${name}: ${why}`;
}

/** Runs one text of three tokens through the bundled base. */
async function wasm(config: Config): Promise<string> {
  const base = await readBase(path.resolve(config.baseDir, BUNDLED[0]), null);
  const plan = planAdapter(architectureOf(base), { kind: 'sequence', outputs: 2, pooling: 'first' }, { r: 1, alpha: 1, targets: 'all-linear' });
  const began = performance.now();
  const member = createMember({ base, plan, use: 'predict', values: initialValues(plan, 1), gradients: new Float32Array(plan.count) });
  member.outputs([{ tokens: Int32Array.from([1, 2, 3]), targets: Int32Array.of(0), weight: 1 }]);
  return `loaded and predicted in ${Math.round(performance.now() - began)} ms`;
}
