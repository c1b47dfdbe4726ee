/**
 * Chooses what computes, and says why: TensorFlow where it finds a GPU, else wasm. On a CPU TensorFlow is taken only when a job asks for it: there it
 * needs as much CPU time for the same work (mini-encoder, GFLOP per CPU-second: wasm 26.7, TensorFlow 20.3 op by op, 28.8 compiled).
 */
import { accessSync, constants } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, TrimtabError } from '../../../errors.ts';
import type { Engine } from '../../../lora/backends/tensorflow/find.ts';
import { findEngines, RELEASE } from '../../../lora/backends/tensorflow/find.ts';
import type { TensorflowBackend } from '../../../lora/backends/tensorflow/index.ts';
import { tensorflowBackend } from '../../../lora/backends/tensorflow/index.ts';
import { createTensorflowTeam } from '../../../lora/backends/tensorflow/team.ts';
import type { Team, TeamOptions } from '../../../lora/team.ts';
import { createTeam } from '../../../lora/team.ts';
import type { Job } from '../../job.ts';

export interface Backend {
  readonly name: 'wasm' | 'tensorflow';
  readonly device: 'cpu' | 'gpu';
  /** How it was chosen, in words. */
  readonly why: string;
  readonly versions: Readonly<Record<string, string>>;
  createTeam(options: TeamOptions): Promise<Team>;
}

const COMPILE_CACHE = 'compiled';

/**
 * Where XLA keeps what it compiled: beside the engine that compiled it, or in the job's folder for that where the engine's cannot be written.
 * A folder that cannot be written is no cache that stays empty: TensorFlow refuses each function whose result it cannot keep.
 */
export function compileCacheOf(engine: string, compileDir: string | null): string | null {
  try {
    accessSync(engine, constants.W_OK);
    return join(engine, COMPILE_CACHE);
  } catch {
    return compileDir === null ? null : join(compileDir, basename(engine));
  }
}

/** @throws TrimtabError `bad-data` when the job wants what does not load */
export function chooseBackend({ backend: wanted, engineDir, compileDir }: Pick<Job, 'backend' | 'engineDir' | 'compileDir'>): Backend {
  const wasm = (why: string): Backend => ({ name: 'wasm', device: 'cpu', why, versions: {}, createTeam });
  if (wanted === 'wasm') return wasm('the job asks for it');
  const problems: string[] = [];
  for (const engine of engineDir === null ? [] : findEngines(engineDir)) {
    try {
      if (wanted === 'tensorflow') return tensorflowOf(engine, compileDir).backend;
      if (engine.kind === 'cpu') continue;
      const { backend, gpu } = tensorflowOf(engine, compileDir);
      if (gpu) return backend;
      problems.push(`TensorFlow (gpu) in ${engine.folder} finds no GPU`);
    } catch (error) {
      problems.push(`TensorFlow (${engine.kind}) in ${engine.folder} does not load: ${messageOf(error)}`);
    }
  }
  const absent = problems.length > 0 ? problems.join('; ') : wanted === 'tensorflow' ? 'TensorFlow is not installed' : 'no TensorFlow for a GPU is installed';
  if (wanted === 'tensorflow') throw new TrimtabError('bad-data', { what: 'the backend "tensorflow"', problem: absent, right: 'npm run cli -- engine install, or the backend "wasm"' });
  return wasm(`${absent}; wasm needs nothing`);
}

/** Loads it at once: whether it loads is the question. A process has one TensorFlow. */
function tensorflowOf({ kind, folder, file, cudaDir }: Engine, compileDir: string | null): { readonly backend: Backend; readonly gpu: boolean } {
  const options = { file, cudaDir, compileCache: compileCacheOf(folder, compileDir), exact: false };
  let loaded: TensorflowBackend | null = tensorflowBackend(options);
  const { gpu } = loaded;
  const backend: Backend = {
    name: 'tensorflow',
    device: gpu ? 'gpu' : 'cpu',
    why: `TensorFlow ${RELEASE} (${kind}) loads, on ${gpu ? 'a GPU' : 'the CPU'}`,
    versions: { tensorflow: RELEASE },
    createTeam({ base, plan, use, values, weightDecay }) {
      const given = loaded === null ? {} : { backend: loaded };
      loaded = null;
      return createTensorflowTeam({ ...options, ...given, base, plan, use, values, ...(weightDecay === undefined ? {} : { weightDecay }) });
    },
  };
  return { backend, gpu };
}
