/** NF4 against bitsandbytes: golden/make_nf4.py made the numbers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refuseBase } from '../../src/lora/base.ts';
import type { Nf4 } from '../../src/lora/quantise.ts';
import { DYNAMIC_TABLE, NF4_TABLE, dequantise, dequantiseScales, nf4Bytes, quantise, roundTrip } from '../../src/lora/quantise.ts';
import { normal, random } from '../../src/lora/random.ts';
import { parseSafetensors, toFloat32 } from '../../src/lora/safetensors.ts';

const refuse = refuseBase('golden');
const golden = parseSafetensors(await readFile(join(import.meta.dirname, 'golden/nf4.safetensors')), refuse);
const floats = (name: string): Float32Array => toFloat32(name, golden.get(name)!, refuse).values;
const bytes = (name: string): number[] => [...golden.get(name)!.bytes];
const NAMES = ['normal', 'odd', 'zeros', 'same'] as const;
/** The one block of zeros: the CUDA kernels divide by its 0 and code what is not a number as -1, the CPU library and we as 0. */
const NOTHING = { name: 'zeros', from: 64, to: 128 };
const isNothing = (name: string, i: number): boolean => name === NOTHING.name && i >= NOTHING.from && i < NOTHING.to;

test("both tables are bitsandbytes', bit for bit", () => {
  expect([...NF4_TABLE]).toEqual([...floats('nf4')]);
  expect([...DYNAMIC_TABLE]).toEqual([...floats('dynamic')]);
});

test.each(NAMES)('%s: codes and scales are those of the CUDA kernels, the weights within 1e-6', (name) => {
  const [rows, cols] = golden.get(`${name}.weight`)!.shape as [number, number];
  const form = quantise(floats(`${name}.weight`), rows, cols);
  expect([...form.codes]).toEqual(bytes(`${name}.codes`).map((pair, i) => (isNothing(name, 2 * i) ? 0x77 : pair)));
  expect([...form.absmax]).toEqual(bytes(`${name}.absmax`));
  expect(form.offset).toBeCloseTo(floats(`${name}.offset`)[0]!, 7);
  const [found, right] = [dequantise(form), floats(`${name}.dequantised`)];
  expect(found.length).toBe(right.length);
  found.forEach((value, i) => expect(Math.abs(value - (isNothing(name, i) ? 0 : right[i]!))).toBeLessThanOrEqual(1e-6));
});

test.each(NAMES)("%s: what bitsandbytes stored, its CPU library's scales included, means the same numbers here", (name) => {
  const [rows, cols] = golden.get(`${name}.weight`)!.shape as [number, number];
  const stored: Nf4 = { rows, cols, codes: golden.get(`${name}.codes`)!.bytes, absmax: golden.get(`${name}.absmax`)!.bytes, nested: floats(`${name}.nested`), offset: floats(`${name}.offset`)[0]! };
  const right = floats(`${name}.dequantised`);
  dequantise(stored).forEach((value, i) => expect(Math.abs(value - right[i]!)).toBeLessThanOrEqual(2e-9));
  const cpu = golden.get(`${name}.cpu_absmax`)!.bytes;
  const [ours, theirs] = [dequantiseScales(stored), dequantiseScales({ ...stored, absmax: cpu })];
  // A neighbouring code at most: a step of the dynamic map.
  cpu.forEach((code, i) => expect(Math.abs(code - stored.absmax[i]!)).toBeLessThanOrEqual(1));
  expect(cpu.filter((code, i) => code !== stored.absmax[i]).length).toBeLessThanOrEqual(0.03 * cpu.length);
  expect(Math.max(...ours.map((scale, i) => Math.abs(scale - theirs[i]!)))).toBeLessThan(1e-2);
});

test('no other code would be nearer, whatever the numbers', () => {
  const matrix = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(matrix, (list) => {
      const weight = Float32Array.from(list);
      const { codes } = quantise(weight, 1, weight.length);
      for (let b = 0; b < weight.length; b += 64) {
        const block = weight.subarray(b, b + 64);
        const most = block.reduce((a, value) => Math.max(a, Math.abs(value)), 0);
        if (most < 1e-30) continue;
        block.forEach((value, i) => {
          const code = (codes[(b + i) >> 1]! >> ((b + i) & 1 ? 0 : 4)) & 15;
          const distance = (k: number): number => Math.abs(value / most - NF4_TABLE[k]!);
          for (let k = 0; k < 16; k += 1) expect(distance(code)).toBeLessThanOrEqual(distance(k) + 1e-6);
        });
      }
    }),
    { numRuns: 200 },
  );
});

test('4.127 bits a weight, and an error as the paper has it', () => {
  const uniform = random(1, 'nf4');
  const weight = Float32Array.from({ length: 256 * 1024 }, () => 0.02 * normal(uniform));
  const { codes, absmax, nested } = quantise(weight, 256, 1024);
  const size = codes.length + absmax.length + 4 * nested.length + 4;
  expect(size).toBe(nf4Bytes(weight.length));
  expect((8 * size) / weight.length).toBeCloseTo(4.127, 3);
  const back = roundTrip(weight);
  const [error, power] = weight.reduce(([e, p], value, i) => [e! + (value - back[i]!) ** 2, p! + value ** 2], [0, 0]);
  // NF4 of normal numbers in blocks of 64 loses about 0.9 % of their power; twice the error of a scale would show.
  expect(error! / power!).toBeGreaterThan(0.007);
  expect(error! / power!).toBeLessThan(0.01);
});
