import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Refuse } from '../../src/lora/safetensors.ts';
import { parseSafetensors, toFloat32, writeSafetensors } from '../../src/lora/safetensors.ts';

class Refused extends Error {}
const refuse: Refuse = (problem, right) => {
  throw new Refused(`${problem}; ${right}`);
};

function file(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

test('what is written is read back, bit for bit', () => {
  const tensors = fc.uniqueArray(fc.tuple(fc.string(), fc.float32Array({ maxLength: 40 })), { selector: ([name]) => name, maxLength: 8 });
  fc.assert(
    fc.property(tensors, (list) => {
      const given = new Map(list.filter(([name]) => name !== '__metadata__').map(([name, values]) => [name, { shape: [values.length], values }]));
      const found = parseSafetensors(writeSafetensors(given, { format: 'pt' }), refuse);
      expect([...found.keys()].sort()).toEqual([...given.keys()].sort());
      for (const [name, { shape, values }] of given) {
        const tensor = toFloat32(name, found.get(name)!, refuse);
        expect(tensor.shape).toEqual(shape);
        expect(Buffer.from(tensor.values.buffer)).toEqual(Buffer.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
      }
    }),
    { numRuns: 200 },
  );
});

test('names that mean something to JavaScript are names like others', () => {
  const given = new Map(['__proto__', 'constructor', 'toString', ''].map((name, i) => [name, { shape: [1], values: Float32Array.from([i]) }]));
  const found = parseSafetensors(writeSafetensors(given), refuse);
  expect([...found.keys()]).toEqual([...given.keys()]);
});

test('arbitrary bytes, and a good file with any bytes changed or cut off, are read or refused, never anything else', () => {
  const good = writeSafetensors(new Map([['a', { shape: [2, 3], values: new Float32Array(6).fill(1.5) }], ['b', { shape: [4], values: new Float32Array(4) }]]));
  const reads = (bytes: Uint8Array): void => {
    try {
      for (const [name, tensor] of parseSafetensors(bytes, refuse)) {
        const size = { F32: 4, F16: 2, BF16: 2 }[tensor.dtype as string];
        expect(tensor.bytes.byteLength).toBe(tensor.shape.reduce((a, b) => a * b, 1) * (size ?? tensor.bytes.byteLength / Math.max(1, tensor.shape.reduce((a, b) => a * b, 1))));
        toFloat32(name, tensor, refuse);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(Refused);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), reads), { numRuns: 500 });
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(good.length), (changes, length) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      reads(bytes);
      reads(bytes.subarray(0, length));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['an empty file', new Uint8Array(0), /0 bytes/],
  ['a header longer than the file', new Uint8Array([255, 0, 0, 0, 0, 0, 0, 0, 1]), /claims 255 bytes/],
  ['a header of 2^63 bytes', new Uint8Array([0, 0, 0, 0, 0, 0, 0, 128]), /claims 9223372036854775808/],
  ['text that is not JSON', file('{'), /not JSON/],
  ['bytes that are not UTF-8', file('{"\ud800":1}'), /fields? |dtype/],
  ['a list', file([]), /not an object/],
  ['a name twice', file(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(0, 4))}}`, new Uint8Array(4)), /"a" stands twice/],
  ['a name twice, once escaped', file(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061":${JSON.stringify(f32(0, 4))}}`, new Uint8Array(4)), /"a" stands twice/],
  ['an unknown dtype', file({ a: { dtype: 'F4', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)), /dtype "F4"/],
  ['a dtype of Object.prototype', file({ a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)), /dtype "toString"/],
  ['a negative size', file({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }, new Uint8Array(4)), /shape \[-1\]/],
  ['a size that is no whole number', file({ a: { dtype: 'F32', shape: [0.5, 2], data_offsets: [0, 4] } }, new Uint8Array(4)), /shape \[0.5,2\]/],
  ['sizes whose product overflows', file({ a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } }, new Uint8Array(4)), /4 bytes for F32/],
  ['offsets beyond the data', file({ a: f32(0, 8) }, new Uint8Array(4)), /need 8 bytes, but only 4 follow the header: the file is cut off/],
  ['offsets backwards', file({ a: f32(4, 0, [1]) }, new Uint8Array(4)), /data_offsets \[4,0\]/],
  ['three offsets', file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 4] } }, new Uint8Array(4)), /data_offsets/],
  ['overlapping tensors', file({ a: f32(0, 8), b: f32(4, 12) }, new Uint8Array(12)), /"b" begins at 4/],
  ['a gap', file({ a: f32(0, 4), b: f32(8, 12) }, new Uint8Array(12)), /"b" begins at 8/],
  ['data behind the last tensor', file({ a: f32(0, 4) }, new Uint8Array(8)), /cover 4 of 8/],
  ['an unknown field', file({ a: { ...f32(0, 4), order: 'C' } }, new Uint8Array(4)), /field "order"/],
])('%s is refused', (_, bytes, message) => {
  expect(() => parseSafetensors(bytes, refuse)).toThrow(message);
});

test('half and brain floats read as what they mean; integers do not read as floats', () => {
  const halves = new Uint16Array([0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00]);
  const brains = new Uint16Array([0x3f80, 0xc000, 0x7f7f]);
  const bytes = new Uint8Array([...new Uint8Array(halves.buffer), ...new Uint8Array(brains.buffer), 1, 0, 0, 0]);
  const tensors = parseSafetensors(
    file({ h: { dtype: 'F16', shape: [6], data_offsets: [0, 12] }, b: { dtype: 'BF16', shape: [3], data_offsets: [12, 18] }, i: { dtype: 'I32', shape: [], data_offsets: [18, 22] } }, bytes),
    refuse,
  );
  expect([...toFloat32('h', tensors.get('h')!, refuse).values]).toEqual([1, -2, 65504, 2 ** -24, -0, Infinity]);
  expect([...toFloat32('b', tensors.get('b')!, refuse).values]).toEqual([1, -2, Math.fround(3.3895313892515355e38)]);
  expect(() => toFloat32('i', tensors.get('i')!, refuse)).toThrow(/"i" is I32/);
});
