/** What `doctor` says of the backends: what is there, what would be chosen and why, what is missing and what it would bring. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../errors.ts';
import type { Engine } from '../../lora/backends/tensorflow/find.ts';
import { DRIVER, findEngines, RELEASE } from '../../lora/backends/tensorflow/find.ts';
import { tensorflowBackend } from '../../lora/backends/tensorflow/index.ts';

const execute = promisify(execFile);

/** What TensorFlow opens by name when it looks for a GPU: one that is missing makes it run on the CPU with a warning only. */
const CUDA_LIBRARIES = ['libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcufft.so.11', 'libcusolver.so.11', 'libcusparse.so.12', 'libcudnn.so.9'] as const;

/** A function of three splats and one op of the extension. */
const MODULE = (op: readonly number[]): Uint8Array<ArrayBuffer> => {
  const splat = [0x41, 0, 0xfd, 0x0f];
  const body = [0, ...splat, ...splat, ...splat, ...op, 0x0b];
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 0x0a, body.length + 2, 1, body.length, ...body);
};
const RELAXED_MADD = [0xfd, 0x85, 0x02];
const BITSELECT = [0xfd, 0x52];

/** Which vector instructions this Node's WebAssembly has. */
export function simdText(validate: (module: Uint8Array<ArrayBuffer>) => boolean = WebAssembly.validate): string {
  if (!validate(MODULE(BITSELECT))) return 'no SIMD: this Node cannot run the wasm backend';
  return validate(MODULE(RELAXED_MADD)) ? 'SIMD and relaxed SIMD (fused multiply-add)' : 'SIMD; relaxed SIMD, which a newer Node has, would multiply and add in one instruction';
}

export interface Tensorflow {
  readonly ok: boolean;
  readonly detail: string;
}

/** Loads the engine and multiplies: not being installed is no fault, not loading is one. */
export function examineTensorflow(engines: readonly Engine[]): Tensorflow {
  const [engine] = engines;
  if (engine === undefined) return { ok: true, detail: `not installed; npm run cli -- engine install brings TensorFlow ${RELEASE} on the CPU, with --gpu on an NVIDIA GPU (docs/engine.md has the speeds)` };
  try {
    const began = performance.now();
    const b = tensorflowBackend({ file: engine.file, compileCache: null, cudaDir: engine.cudaDir, exact: false });
    const [value] = b.step(() => b.read(b.add(b.constant(Float32Array.of(1), 1, 1), b.constant(Float32Array.of(2), 1, 1))));
    const device = b.gpu ? 'the GPU' : 'the CPU';
    b.dispose();
    return value === 3 ? { ok: true, detail: `TensorFlow ${RELEASE} for the ${engine.kind.toUpperCase()} computes on ${device}; loaded in ${Math.round(performance.now() - began)} ms` } : { ok: false, detail: `1 + 2 came out as ${value}; install it again` };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}

export interface GpuFacts {
  /** Null where no NVIDIA driver is loaded. */
  readonly name: string | null;
  readonly engines: readonly Engine[];
  /** Whether TensorFlow, as it was loaded, found the GPU. */
  readonly used: boolean;
  readonly missing: readonly string[];
}

/** Why a GPU is used or not. */
export function gpuText({ name, engines, used, missing }: GpuFacts): string {
  if (name === null) return 'none: no NVIDIA driver is loaded';
  if (used) return `${name}, in use`;
  if (!engines.some(({ kind }) => kind === 'gpu')) return `${name}, not used: npm run cli -- engine install --gpu`;
  return missing.length > 0 ? `${name}, not used: TensorFlow does not find ${missing.join(', ')} of CUDA 12` : `${name}, not used: TensorFlow does not see it (CUDA_VISIBLE_DEVICES may hide it)`;
}

export async function examineGpu(engineDir: string): Promise<string> {
  const engines = findEngines(engineDir);
  const gpu = engines.find(({ kind }) => kind === 'gpu');
  const name = existsSync(DRIVER) ? await execute('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']).then(({ stdout }) => stdout.trim().split('\n')[0] ?? 'a GPU', () => 'a GPU') : null;
  if (name === null || gpu === undefined) return gpuText({ name, engines, used: false, missing: [] });
  const used = tensorflowBackend({ file: gpu.file, compileCache: null, cudaDir: gpu.cudaDir, exact: false }).gpu;
  return gpuText({ name, engines, used, missing: used ? [] : await missingLibraries(gpu.folder) });
}

/** Those that are neither in the engine's own folder nor known to the loader. */
async function missingLibraries(folder: string): Promise<string[]> {
  const own = existsSync(path.join(folder, 'nvidia')) ? readdirSync(path.join(folder, 'nvidia'), { recursive: true, encoding: 'utf8' }).map((file) => path.basename(file)) : [];
  const known = await execute('ldconfig', ['-p']).then(({ stdout }) => stdout, () => '');
  return CUDA_LIBRARIES.filter((library) => !own.includes(library) && !known.includes(`${library} `));
}
