/**
 * Frozen weights held as NF4: the codes lie in WebAssembly's memory as quantise.ts gives them, and a product unpacks them to panels that live no
 * longer than it does. Both directions read the same codes.
 */
import type { Nf4 } from '../../quantise.ts';
import { NF4_BLOCK, dequantiseInto, dequantiseScales } from '../../quantise.ts';
import { PANEL } from '../simd/gemm.ts';
import type { Machine, Packed } from './machine.ts';
import { PANEL_BYTES, padded } from './machine.ts';

/** One part of a fused group; without its codes, which lie at `codesAt`. */
interface Part extends Omit<Nf4, 'codes'> {
  readonly codesAt: number;
  /** Its first output. */
  readonly row: number;
}

export interface Unpacked {
  /** Fresh memory each time: call them inside a scope. */
  forward(): Packed;
  backward(): Packed;
}

export function holdNf4(machine: Machine, forms: readonly Nf4[], inputs: number, outputs: number): Unpacked {
  const { arena } = machine;
  let row = 0;
  const parts = forms.map(({ codes, ...form }): Part => {
    const codesAt = arena.allocate(Math.ceil((form.rows * inputs) / 8));
    // A model of an outline has no codes, only room for them (counting.ts).
    if (codes.length > 0) new Uint8Array(arena.memory.buffer).set(codes, codesAt);
    row += form.rows;
    return { ...form, codesAt, row: row - form.rows };
  });
  // Blocks that go over the ends of rows, and panels that are not full, are for small models alone.
  const regular = inputs % NF4_BLOCK === 0 && forms.every(({ rows }) => rows % PANEL === 0);
  if (!regular) return plainly(machine, parts, inputs, outputs);
  return {
    forward() {
      const address = arena.allocate(inputs * padded(outputs));
      for (const part of parts) {
        arena.scoped(() => machine.kernels.nf4Across(part.codesAt, scalesByPanel(machine, part, inputs), inputs, part.rows, address + part.row * inputs * 4));
      }
      return { address, k: inputs, n: outputs, panel: inputs * PANEL_BYTES };
    },
    backward() {
      const address = arena.allocate(outputs * padded(inputs));
      const panel = outputs * PANEL_BYTES;
      for (const part of parts) {
        arena.scoped(() => machine.kernels.nf4Along(part.codesAt, put(machine, dequantiseScales(part)), part.rows, inputs, address + part.row * PANEL_BYTES, panel));
      }
      return { address, k: outputs, n: inputs, panel };
    },
  };
}

function put({ arena }: Machine, numbers: Float32Array): number {
  const address = arena.allocate(numbers.length);
  arena.floats().set(numbers, address / 4);
  return address;
}

/** For eight rows at a time, block by block, the scales of the eight side by side. */
function scalesByPanel(machine: Machine, part: Part, inputs: number): number {
  const scales = dequantiseScales(part);
  const blocks = inputs / NF4_BLOCK;
  const sorted = new Float32Array(scales.length);
  let at = 0;
  for (let first = 0; first < part.rows; first += PANEL) {
    for (let block = 0; block < blocks; block += 1) {
      for (let row = first; row < first + PANEL; row += 1) sorted[at++] = scales[row * blocks + block]!;
    }
  }
  return put(machine, sorted);
}

/** The same without kernels, for any shape. */
function plainly(machine: Machine, parts: readonly Part[], inputs: number, outputs: number): Unpacked {
  const { arena, pack } = machine;
  const unpack = (k: number, n: number, kStride: number, nStride: number): Packed => {
    const to = arena.allocate(k * padded(n));
    return arena.scoped(() => {
      const plain = arena.allocate(outputs * inputs);
      for (const part of parts) {
        const codes = new Uint8Array(arena.memory.buffer).subarray(part.codesAt, part.codesAt + Math.ceil((part.rows * inputs) / 2));
        dequantiseInto({ ...part, codes }, arena.floats(), plain / 4 + part.row * inputs);
      }
      return pack(plain, kStride, nStride, k, n, 1, to);
    });
  };
  return { forward: () => unpack(inputs, outputs, 4, inputs * 4), backward: () => unpack(outputs, inputs, inputs * 4, 4) };
}
