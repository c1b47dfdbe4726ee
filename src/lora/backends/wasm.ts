/**
 * The default backend: our own SIMD kernels (simd/) on one WebAssembly memory, one thread. Several cores are several backends.
 *
 * Frozen weights are kept only in the packed form that the products read, once for each direction, so nothing is ever transposed
 * in a step. Trainable matrices are small and packed anew each time. Rows of norms and activations are whole vectors: widths are multiples
 * of 4, of heads with rotary positions of 8.
 */
import type { Backend } from '../ops.ts';
import { attentionOps } from './wasm/attention.ts';
import { cacheOps } from './wasm/cache.ts';
import { denseOps, linearOps } from './wasm/linear.ts';
import { lossOps, poolOps } from './wasm/losses.ts';
import type { Machine, WasmTensor } from './wasm/machine.ts';
import { createMachine } from './wasm/machine.ts';
import { normOps, rowOps } from './wasm/rows.ts';
import { storageOps } from './wasm/storage.ts';

export type { WasmTensor } from './wasm/machine.ts';

export function wasmBackend(machine: Machine = createMachine()): Backend<WasmTensor> {
  return {
    name: 'wasm',
    step(body) {
      const before = machine.live;
      try {
        return machine.arena.scoped(body);
      } finally {
        machine.live = before;
      }
    },
    layersPerCall: 1,
    call: (_key, inputs, body) => body(inputs),
    liveTensors: () => machine.live,
    dispose() {
      machine.live = 0;
    },
    ...storageOps(machine),
    ...linearOps(machine),
    ...denseOps(machine),
    ...rowOps(machine),
    ...normOps(machine),
    ...attentionOps(machine),
    ...cacheOps(machine),
    ...poolOps(machine),
    ...lossOps(machine),
  };
}
