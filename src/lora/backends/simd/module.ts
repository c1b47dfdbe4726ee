/** The kernels as one WebAssembly module, assembled once a process (about 10 ms), instantiated on a memory. */
import { assemble, f32x4 } from './assembler.ts';
import { defineGemm, definePack } from './gemm.ts';
import { defineNf4 } from './nf4.ts';
import { defineNorms } from './norms.ts';
import { defineRows } from './rows.ts';
import { defineSoftmax } from './softmax.ts';

type Kernel = (...values: number[]) => void;

/** Arguments stand beside each kernel's definition. Addresses and strides are bytes. */
type Name =
  | ('gemm' | 'gemmT' | 'pack' | 'nf4Across' | 'nf4Along')
  | ('add' | 'addScaled' | 'gelu' | 'geluBackward' | 'siluMul' | 'siluMulBackward' | 'rotary')
  | ('layerNorm' | 'layerNormBackward' | 'rmsNorm' | 'rmsNormBackward')
  | ('softmax' | 'softmaxBackward');
export type Kernels = Readonly<Record<Name, Kernel>>;

let compiled: WebAssembly.Module | undefined;

export function instantiate(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(kernelBytes(fusedIsSupported()));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}

/** Fused multiply-add nearly doubles the speed of products (bench/lora.ts); without relaxed SIMD they are computed in two steps. */
export function kernelBytes(fused: boolean): Uint8Array<ArrayBuffer> {
  return assemble((m) => {
    defineGemm(m, fused);
    definePack(m);
    defineNf4(m, fused);
    defineRows(m, fused);
    defineNorms(m, fused);
    defineSoftmax(m, fused);
  });
}

export function fusedIsSupported(): boolean {
  const zero = f32x4.const(0);
  return WebAssembly.validate(assemble((m) => void m.define('probe', [], () => [f32x4.madd(true, zero, zero, zero), 0x1a])));
}
