/**
 * A small assembler for WebAssembly with 128-bit SIMD: instructions are functions from code to code, so a kernel reads like its
 * formula. Only what our kernels use. https://webassembly.github.io/spec/core/binary/
 */
export type Code = readonly (number | Code)[];

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof F32 | typeof V128;

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

export interface FunctionBuilder {
  local(type: ValueType): Local;
}

export interface ModuleBuilder {
  /** Defines and exports a function without result; gives what calls it. */
  define(name: string, parameters: readonly ValueType[], body: (f: FunctionBuilder, ...parameters: Local[]) => Code): (...values: Code[]) => Code;
}

const unsigned = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);

function signed(value: number): number[] {
  const byte = value & 0x7f;
  const rest = value >> 7;
  const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
  return done ? [byte] : [byte | 0x80, ...signed(rest)];
}

const simd = (opcode: number, ...values: Code[]): Code => [...values, 0xfd, ...unsigned(opcode)];
const floatBytes = (value: number): number[] => [...new Uint8Array(new Float32Array([value]).buffer)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  sub: (a: Code, b: Code): Code => [a, b, 0x6b],
  mul: (a: Code, b: Code): Code => [a, b, 0x6c],
  and: (a: Code, b: Code): Code => [a, b, 0x71],
  shl: (a: Code, bits: number): Code => [a, i32.const(bits), 0x74],
  min: (a: Code, b: Code): Code => [a, b, a, b, 0x49, 0x1b],
  /** Unsigned, as addresses are. */
  lt: (a: Code, b: Code): Code => [a, b, 0x49],
  shrU: (a: Code, bits: number): Code => [a, i32.const(bits), 0x76],
  eq: (a: Code, b: Code): Code => [a, b, 0x46],
  load: (address: Code, offset = 0): Code => [address, 0x28, 2, ...unsigned(offset)],
};

export const f32 = {
  const: (value: number): Code => [0x43, ...floatBytes(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x92],
  sub: (a: Code, b: Code): Code => [a, b, 0x93],
  mul: (a: Code, b: Code): Code => [a, b, 0x94],
  div: (a: Code, b: Code): Code => [a, b, 0x95],
  max: (a: Code, b: Code): Code => [a, b, 0x97],
  sqrt: (a: Code): Code => [a, 0x91],
  fromInt: (a: Code): Code => [a, 0xb2],
  load: (address: Code, offset = 0): Code => [address, 0x2a, 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x38, 2, ...unsigned(offset)],
  /** One lane of a vector. */
  lane: (vector: Code, lane: number): Code => [simd(0x1f, vector), lane],
};

export const v128 = {
  load: (address: Code, offset = 0): Code => [simd(0x00, address), 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [simd(0x0b, address, value), 2, ...unsigned(offset)],
  loadSplat: (address: Code, offset = 0): Code => [simd(0x09, address), 2, ...unsigned(offset)],
  /** One lane of a vector to memory. */
  storeLane: (address: Code, value: Code, lane: number, offset = 0): Code => [simd(0x5a, address, value), 2, ...unsigned(offset), lane],
  /** Eight bytes, and zeros behind them. */
  load64: (address: Code, offset = 0): Code => [simd(0x5d, address), 3, ...unsigned(offset)],
  const: (bytes: readonly number[]): Code => [simd(0x0c), ...bytes],
  bits: (value: number): Code => simd(0x11, i32.const(value)),
  and: (a: Code, b: Code): Code => simd(0x4e, a, b),
  or: (a: Code, b: Code): Code => simd(0x50, a, b),
  /** Sixteen bytes of the thirty-two of a and b. */
  bytes: (a: Code, b: Code, lanes: readonly number[]): Code => [simd(0x0d, a, b), ...lanes],
  /** Byte i of the result is byte indices[i] of `table`; with `relaxed`, indices above 15 mean nothing. */
  swizzle: (relaxed: boolean, table: Code, indices: Code): Code => simd(relaxed ? 0x100 : 0x0e, table, indices),
  /** In lanes of 16 bits. */
  shiftRight16: (a: Code, bits: number): Code => simd(0x8d, a, i32.const(bits)),
  /** Four lanes of the eight of a and b. */
  shuffle: (a: Code, b: Code, ...lanes: [number, number, number, number]): Code => [simd(0x0d, a, b), ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte))],
};

export const f32x4 = {
  const: (value: number): Code => f32x4.splat(f32.const(value)),
  splat: (a: Code): Code => simd(0x13, a),
  abs: (a: Code): Code => simd(0xe0, a),
  add: (a: Code, b: Code): Code => simd(0xe4, a, b),
  sub: (a: Code, b: Code): Code => simd(0xe5, a, b),
  mul: (a: Code, b: Code): Code => simd(0xe6, a, b),
  div: (a: Code, b: Code): Code => simd(0xe7, a, b),
  min: (a: Code, b: Code): Code => simd(0xe8, a, b),
  max: (a: Code, b: Code): Code => simd(0xe9, a, b),
  nearest: (a: Code): Code => simd(0x6a, a),
  toInt: (a: Code): Code => simd(0xf8, a),
  /** a b + c: fused where the machine has it, when the module was assembled so. */
  madd: (fused: boolean, a: Code, b: Code, c: Code): Code => (fused ? simd(0x105, a, b, c) : f32x4.add(f32x4.mul(a, b), c)),
};

export const i32x4 = {
  add: (a: Code, b: Code): Code => simd(0xae, a, b),
  shl: (a: Code, bits: number): Code => simd(0xab, a, i32.const(bits)),
};

/** while (condition) body */
export const whileLoop = (condition: Code, ...body: Code[]): Code => [0x02, 0x40, 0x03, 0x40, condition, 0x45, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];

export const ifElse = (condition: Code, then: Code, otherwise: Code = []): Code => [condition, 0x04, 0x40, then, 0x05, otherwise, 0x0b];

/** Horizontal sum of four lanes, always in the same order. */
export function sumLanes(vector: Local): Code {
  return f32.add(f32.add(f32.lane(vector.get, 0), f32.lane(vector.get, 1)), f32.add(f32.lane(vector.get, 2), f32.lane(vector.get, 3)));
}

const flatten = (code: Code): number[] => code.flatMap((part) => (typeof part === 'number' ? [part] : flatten(part)));

const section = (id: number, body: Code): number[] => {
  const bytes = flatten(body);
  return [id, ...unsigned(bytes.length), ...bytes];
};

const text = (name: string): number[] => [...unsigned(name.length), ...Buffer.from(name)];

/** A module that imports its memory as env.memory. */
export function assemble(build: (m: ModuleBuilder) => void): Uint8Array<ArrayBuffer> {
  const functions: { name: string; parameters: readonly ValueType[]; code: number[] }[] = [];
  build({
    define(name, parameters, body) {
      const locals: ValueType[] = [];
      const handle = (index: number): Local => ({ get: [0x20, ...unsigned(index)], set: (value) => [value, 0x21, ...unsigned(index)] });
      const f: FunctionBuilder = { local: (type) => handle(parameters.length + locals.push(type) - 1) };
      const bytes = flatten(body(f, ...parameters.map((_, i) => handle(i))));
      const declared = [...unsigned(locals.length), ...locals.flatMap((type) => [1, type])];
      functions.push({ name, parameters, code: [...declared, ...bytes, 0x0b] });
      const index = functions.length - 1;
      return (...values) => [...values, 0x10, ...unsigned(index)];
    },
  });
  const count = unsigned(functions.length);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [count, ...functions.map(({ parameters }) => [0x60, ...unsigned(parameters.length), ...parameters, 0])]),
    ...section(2, [1, text('env'), text('memory'), 0x02, 0x00, 0x01]),
    ...section(3, [count, ...functions.map((_, i) => unsigned(i))]),
    ...section(7, [count, ...functions.map(({ name }, i) => [text(name), 0x00, unsigned(i)])]),
    ...section(10, [count, ...functions.map(({ code }) => [unsigned(code.length), code])]),
  ]);
}
