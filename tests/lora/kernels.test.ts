/** Products of every small shape, with and without fused multiply-add, and the arena that holds them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createArena } from '../../src/lora/backends/simd/arena.ts';
import { PANEL } from '../../src/lora/backends/simd/gemm.ts';
import type { Kernels } from '../../src/lora/backends/simd/module.ts';
import { fusedIsSupported, kernelBytes } from '../../src/lora/backends/simd/module.ts';
import { random } from '../../src/lora/random.ts';

const variants = [false, ...(fusedIsSupported() ? [true] : [])];

describe.each(variants)('fused %s', (fused) => {
  const arena = createArena(2 ** 20);
  const kernels = new WebAssembly.Instance(new WebAssembly.Module(kernelBytes(fused)), { env: { memory: arena.memory } }).exports as Kernels;

  /** A [rows, cols] inside a wider matrix of random numbers, so that strides and what lies beside are tested too. */
  function matrix(rows: number, cols: number, beside: number, draw: () => number): { address: number; stride: number; at: (i: number, j: number) => number; all: () => Float32Array } {
    const width = cols + beside;
    const address = arena.allocate(rows * width);
    const all = (): Float32Array => arena.floats().slice(address / 4, address / 4 + rows * width);
    arena.floats().set(Float32Array.from({ length: rows * width }, () => draw() - 0.5), address / 4);
    return { address, stride: width * 4, at: (i, j) => arena.floats()[address / 4 + i * width + j]!, all };
  }

  test('C = start + scale A B for every shape, transposed or not, and nothing beside C is touched', () => {
    const size = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(size(14), size(19), size(11), fc.nat(5), fc.boolean(), fc.boolean(), fc.constantFrom(0, 1), fc.integer(), (m, n, k, beside, transposedA, transposedB, startStride, seed) => {
        arena.scoped(() => {
          const draw = random(seed, 'product');
          const a = transposedA ? matrix(k, m, beside, draw) : matrix(m, k, beside, draw);
          const b = transposedB ? matrix(n, k, beside, draw) : matrix(k, n, beside, draw);
          const start = startStride === 0 ? { ...matrix(1, n, 0, draw), stride: 0 } : matrix(m, n, beside, draw);
          const c = matrix(m, n, beside, draw);
          const [before, packed] = [c.all(), arena.allocate(k * Math.ceil(n / PANEL) * PANEL)];
          kernels.pack(b.address, transposedB ? 4 : b.stride, transposedB ? b.stride : 4, k, n, packed, 1.5);
          const right = (i: number, j: number): number => {
            let sum = start.at(startStride === 0 ? 0 : i, j);
            for (let p = 0; p < k; p += 1) sum += 1.5 * (transposedA ? a.at(p, i) : a.at(i, p)) * (transposedB ? b.at(j, p) : b.at(p, j));
            return sum;
          };
          (transposedA ? kernels.gemmT : kernels.gemm)(a.address, a.stride, packed, start.address, start.stride, c.address, c.stride, m, n, k, k * PANEL * 4);
          c.all().forEach((value, at) => {
            const [i, j] = [Math.floor(at / (n + beside)), at % (n + beside)];
            if (j < n) expect(value).toBeCloseTo(right(i, j), 5);
            else expect(value).toBe(before[at]);
          });
        });
      }),
      { numRuns: 300 },
    );
  });

  test('softmax of rows of every length sums to one, whatever stood in the padding', () => {
    for (let length = 1; length <= 17; length += 1) {
      arena.scoped(() => {
        const stride = Math.ceil(length / PANEL) * PANEL;
        const at = arena.allocate(stride * 2) / 4;
        arena.floats().fill(NaN, at, at + stride * 2);
        for (const row of [0, 1]) for (let j = 0; j < length; j += 1) arena.floats()[at + row * stride + j] = row * -900 + j;
        kernels.softmax(at * 4, 2, length * 4, 0, stride * 4, stride * 4, 0.5);
        const total = Array.from({ length }, (_, j) => Math.exp((j - length) / 2)).reduce((sum, value) => sum + value, 0);
        for (const row of [0, 1]) for (let j = 0; j < length; j += 1) expect(arena.floats()[at + row * stride + j]).toBeCloseTo(Math.exp((j - length) / 2) / total, 6);
      });
    }
  });
});

describe('the arena', () => {
  test('drops what a step made, keeps what came before, grows, and says when 4 GiB are not enough', () => {
    const arena = createArena(2 ** 16);
    const kept = arena.allocate(4);
    arena.floats().fill(7, kept / 4, kept / 4 + 4);
    const first = arena.scoped(() => arena.allocate(2 ** 20));
    expect(arena.bytes()).toBeGreaterThan(2 ** 22);
    expect(arena.scoped(() => arena.allocate(8))).toBe(first);
    expect([...arena.floats().subarray(kept / 4, kept / 4 + 4)]).toEqual([7, 7, 7, 7]);
    expect(() => arena.scoped(() => arena.allocate(2 ** 30))).toThrow(/4 GiB/);
    expect(arena.allocate(8)).toBe(first);
  });

  test('a step that throws leaves nothing behind', () => {
    const arena = createArena(2 ** 16);
    const first = arena.scoped(() => arena.allocate(8));
    expect(() => arena.scoped(() => { arena.allocate(8); throw new Error('x'); })).toThrow('x');
    expect(arena.allocate(8)).toBe(first);
  });
});
