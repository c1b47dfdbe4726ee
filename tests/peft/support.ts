/** Runs the Python side of these tests, where its environment is there: `tests/peft/run` makes it, and `tests/peft/setup` alone too. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const HERE = import.meta.dirname;

function findPython(): string | null {
  const given = process.env['TRIMTAB_PEFT_PYTHON'];
  if (given !== undefined) return given;
  const made = join(process.env['TRIMTAB_PEFT'] ?? join(homedir(), '.cache/trimtab/peft'), 'bin/python');
  return existsSync(made) ? made : null;
}

export const PYTHON = findPython();
/** For the title of what is skipped: whoever reads the list of tests sees why. */
export const WHERE = PYTHON === null ? ' (skipped: no Python with PEFT; tests/peft/setup makes one)' : '';

/** Throws with the program's own words when it fails. */
export async function python(script: string, ...given: readonly string[]): Promise<void> {
  // One thread: the models are tiny, and threads that wait for each other's cores are most of the time.
  const env = { ...process.env, PYTHONPATH: join(HERE, '../lora/golden'), TRANSFORMERS_VERBOSITY: 'error', HF_HUB_OFFLINE: '1', TQDM_DISABLE: '1', OMP_NUM_THREADS: '1' };
  await promisify(execFile)(PYTHON!, ['-W', 'ignore', join(HERE, script), ...given], { env, maxBuffer: 2 ** 26 });
}

/** A folder that lives as long as the work. */
export async function withFolder<R>(work: (folder: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), 'trimtab-peft-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
