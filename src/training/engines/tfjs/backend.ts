/**
 * Chooses what computes, and says why: TensorFlow where it finds a GPU or brings our kernels for a CPU, else wasm. On a CPU the kernels are what pays
 * (mini-encoder, whole steps, GFLOP per CPU-second on one machine with AVX-512: wasm 30-33, TensorFlow without them 53, with them 75-92; mini-decoder
 * 1.8 to 2.1 times wasm: RMS norm, rotary positions and silu are still TensorFlow's own ops there).
 */
import { accessSync, constants } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, TrimtabError } from '../../../errors.ts';
import type { Engine } from '../../../lora/backends/tensorflow/find.ts';
import { findEngines, RELEASE } from '../../../lora/backends/tensorflow/find.ts';
import { tensorflowBackend } from '../../../lora/backends/tensorflow/index.ts';
import { createTensorflowTeam } from '../../../lora/backends/tensorflow/team.ts';
import type { Team, TeamOptions } from '../../../lora/team.ts';
import { createTeam } from '../../../lora/team.ts';
import type { Job } from '../../job.ts';

export interface Backend {
  readonly name: 'wasm' | 'tensorflow';
  readonly device: 'cpu' | 'gpu';
  /** Whether TensorFlow computes layers by our kernels for a CPU. */
  readonly kernels: boolean;
  /** Each with a copy of the model; where they are fewer than the job's workers, these are what an op is spread over. */
  readonly members: number;
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
export function chooseBackend({ backend: wanted, engineDir, compileDir, workers }: Pick<Job, 'backend' | 'engineDir' | 'compileDir' | 'workers'>): Backend {
  const wasm = (why: string): Backend => ({ name: 'wasm', device: 'cpu', kernels: false, members: workers, why, versions: {}, createTeam });
  if (wanted === 'wasm') return wasm('the job asks for it');
  const problems: string[] = [];
  for (const engine of engineDir === null ? [] : findEngines(engineDir)) {
    try {
      const backend = tensorflowOf(engine, compileDir, workers);
      if (wanted === 'tensorflow' || backend.device === 'gpu' || backend.kernels) return backend;
      problems.push(`TensorFlow (${engine.kind}) in ${engine.folder} ${engine.kind === 'gpu' ? 'finds no GPU and ' : ''}was installed without these kernels for a CPU: npm run cli -- engine install brings them`);
      // a process has one TensorFlow
      break;
    } catch (error) {
      problems.push(`TensorFlow (${engine.kind}) in ${engine.folder} does not load: ${messageOf(error)}`);
    }
  }
  const absent = problems.length > 0 ? problems.join('; ') : 'TensorFlow is not installed';
  if (wanted === 'tensorflow') throw new TrimtabError('bad-data', { what: 'the backend "tensorflow"', problem: absent, right: 'npm run cli -- engine install, or the backend "wasm"' });
  return wasm(`${absent}; wasm needs nothing`);
}

/** Batches among which rows of like length come together where TensorFlow has none of our kernels: its attention pads the texts of a batch to the longest. */
const WINDOW = 16;

/** Loads it at once: whether it loads is the question. A process has one TensorFlow. */
function tensorflowOf({ kind, folder, file, cudaDir }: Engine, compileDir: string | null, workers: number): Backend {
  const options = { file, cudaDir, compileCache: compileCacheOf(folder, compileDir), exact: false, ...(kind === 'cpu' ? { cores: workers } : {}) };
  const { gpu, kernels, threadSafe } = tensorflowBackend(options);
  // What is made for a GPU uses all cores for an op where it finds none.
  const members = kind === 'cpu' && threadSafe ? workers : 1;
  return {
    name: 'tensorflow',
    device: gpu ? 'gpu' : 'cpu',
    kernels,
    members,
    why: `TensorFlow ${RELEASE} (${kind}) loads, on ${gpu ? 'a GPU' : kernels ? 'the CPU by our kernels, 1.8 to 3 times as fast as wasm' : 'the CPU'}`,
    versions: { tensorflow: RELEASE },
    createTeam: (team) => (gpu ? createTensorflowTeam({ ...options, ...team }) : createTeam({ ...team, workers: members, tensorflow: options, ...(kernels ? {} : { window: WINDOW }) })),
  };
}
