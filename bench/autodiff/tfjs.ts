/** TensorFlow.js, installed on demand into a cache folder: the few functions of it that the comparison uses. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export interface Tensor {
  readonly shape: readonly number[];
  dataSync(): Float32Array;
  dispose(): void;
}
export interface Variable extends Tensor {
  readonly name: string;
}

export interface Tfjs {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tidy<R>(work: () => R): R;
  tensor(values: Float32Array | Int32Array | readonly number[], shape: readonly number[], dtype?: 'float32' | 'int32'): Tensor;
  variable(initial: Tensor): Variable;
  gather(table: Tensor, rows: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  add(a: Tensor | number, b: Tensor | number): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor | number, b: Tensor | number): Tensor;
  div(a: Tensor, b: Tensor | number): Tensor;
  sqrt(x: Tensor): Tensor;
  erf(x: Tensor): Tensor;
  square(x: Tensor): Tensor;
  mean(x: Tensor, axis?: number, keepDims?: boolean): Tensor;
  sum(x: Tensor, axis?: number): Tensor;
  neg(x: Tensor): Tensor;
  softmax(x: Tensor): Tensor;
  logSoftmax(x: Tensor): Tensor;
  oneHot(indices: Tensor, depth: number): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  transpose(x: Tensor, permutation: readonly number[]): Tensor;
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  squeeze(x: Tensor, axes: readonly number[]): Tensor;
  variableGrads(loss: () => Tensor, of: readonly Variable[]): { readonly value: Tensor; readonly grads: Readonly<Record<string, Tensor>> };
  readonly train: { adam(rate: number): { applyGradients(grads: Readonly<Record<string, Tensor>>): void } };
}

interface WasmPackage {
  setWasmPaths(folder: string): void;
  setThreadsCount(threads: number): void;
}

const WASM = '@tensorflow/tfjs-backend-wasm';

/** One thread, as ours. @throws whatever npm says when it cannot install them */
export async function loadTfjs(folder = path.join(os.homedir(), '.cache/trimtab/autodiff')): Promise<Tfjs> {
  if (!existsSync(path.join(folder, 'node_modules', WASM))) {
    await mkdir(folder, { recursive: true });
    await copyFile(path.join(import.meta.dirname, 'package.json'), path.join(folder, 'package.json'));
    process.stderr.write(`TensorFlow.js: installing into ${folder}\n`);
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  }
  const load = createRequire(path.join(folder, 'package.json'));
  const tf = load('@tensorflow/tfjs') as Tfjs;
  const wasm = load(WASM) as WasmPackage;
  wasm.setWasmPaths(`${path.dirname(load.resolve(WASM))}/`);
  wasm.setThreadsCount(1);
  return tf;
}
