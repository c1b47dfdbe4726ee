/**
 * 4-bit NormalFloat with double quantisation (QLoRA, arXiv 2305.14314), number for number as bitsandbytes stores it:
 *
 *   weight[i] = NF4_TABLE[code(i)] x scale(i >> 6)                                       blocks of 64 weights
 *   scale(b) = DYNAMIC_TABLE[absmax[b]] x nested[b >> 8] + offset                        blocks of 256 scales
 *
 * with every operation rounded to float32; code(2j) is the high half of codes[j], code(2j + 1) the low one. A matrix is one row of numbers,
 * [outputs, inputs] row by row: a block may go over a row's end. 4.127 bits a weight. The packed form is plain bytes, so that any backend
 * can hold it and look the numbers up in the two tables.
 */

/** Forms in which a base's linear layers can be held. */
export const QUANTISATIONS = ['none', 'nf4'] as const;
export type Quantisation = (typeof QUANTISATIONS)[number];

/** Quantiles of the standard normal distribution, scaled to [-1, 1], with an exact zero. */
export const NF4_TABLE = Float32Array.of(
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
);

/** The signed 8-bit dynamic map (arXiv 1511.04561): seven decades of growing resolution. */
export const DYNAMIC_TABLE = dynamicTable();

/** Weights to a scale, and scales to a nested one. */
export const NF4_BLOCK = 64;
export const NESTED_BLOCK = 256;
/** bitsandbytes' floor of a block's largest number: a block of zeros has no reciprocal. */
const LEAST_ABSMAX = 1e-38;

export interface Nf4 {
  readonly rows: number;
  readonly cols: number;
  /** Two to a byte. */
  readonly codes: Uint8Array;
  /** One a block of 64 weights. */
  readonly absmax: Uint8Array;
  /** One for 256 of them. */
  readonly nested: Float32Array;
  /** Mean of the blocks' largest numbers. */
  readonly offset: number;
}

/** Bytes that `count` weights need in this form. */
export function nf4Bytes(count: number): number {
  const blocks = Math.ceil(count / NF4_BLOCK);
  return Math.ceil(count / 2) + blocks + 4 * Math.ceil(blocks / NESTED_BLOCK) + 4;
}

/**
 * `weight` is [rows, cols]. The nearest code is chosen by the midpoints between codes, as bitsandbytes' CUDA kernels do (its CPU library
 * rounds scales to a grid first). A block of zeros stays zero, where those kernels divide by it.
 */
export function quantise(weight: Float32Array, rows: number, cols: number): Nf4 {
  const absmax = blockMaxima(weight, NF4_BLOCK);
  let sum = 0;
  for (let i = 0; i < absmax.length; i += 1) sum += absmax[i]!;
  const offset = Math.fround(sum / absmax.length);
  const centred = absmax.map((value) => value - offset);
  const nested = blockMaxima(centred, NESTED_BLOCK);
  return { rows, cols, codes: weightCodes(weight, absmax), absmax: scaleCodes(centred, nested), nested, offset };
}

/** The numbers that the form stands for, [rows, cols]. */
export function dequantise(form: Nf4): Float32Array {
  const weight = new Float32Array(form.rows * form.cols);
  dequantiseInto(form, weight, 0);
  return weight;
}

/** The same, to a place in a larger array. */
export function dequantiseInto(form: Nf4, into: Float32Array | Float64Array, at: number): void {
  const { codes, rows, cols } = form;
  const scales = dequantiseScales(form);
  for (let i = 0; i < rows * cols; i += 1) into[at + i] = Math.fround(NF4_TABLE[(codes[i >> 1]! >> (i & 1 ? 0 : 4)) & 15]! * scales[i >> 6]!);
}

/** The scale of each block of 64. */
export function dequantiseScales({ absmax, nested, offset }: Pick<Nf4, 'absmax' | 'nested' | 'offset'>): Float32Array {
  const scales = new Float32Array(absmax.length);
  for (let i = 0; i < scales.length; i += 1) scales[i] = Math.fround(DYNAMIC_TABLE[absmax[i]!]! * nested[i >> 8]!) + offset;
  return scales;
}

/** What a weight becomes by being quantised: an adapter trained beside NF4 weights is merged into these. */
export function roundTrip(weight: Float32Array): Float32Array {
  return dequantise(quantise(weight, 1, weight.length));
}

/** Parts of a fused layer, one below the other, each quantised on its own; or plain numbers. */
export function isQuantised(weight: Float32Array | Float64Array | readonly Nf4[]): weight is readonly Nf4[] {
  return Array.isArray(weight);
}

/** The weight's numbers, whatever its form: for backends that hold floats alone. */
export function plain(weight: Float32Array | Float64Array | readonly Nf4[]): Float32Array | Float64Array {
  if (!isQuantised(weight)) return weight;
  const all = new Float32Array(weight.reduce((sum, { rows, cols }) => sum + rows * cols, 0));
  let at = 0;
  for (const form of weight) {
    dequantiseInto(form, all, at);
    at += form.rows * form.cols;
  }
  return all;
}

function blockMaxima(values: Float32Array, block: number): Float32Array {
  const maxima = new Float32Array(Math.ceil(values.length / block));
  for (let b = 0; b < maxima.length; b += 1) {
    let most = 0;
    for (let i = b * block; i < Math.min(values.length, (b + 1) * block); i += 1) most = Math.max(most, Math.abs(values[i]!));
    maxima[b] = most;
  }
  return maxima;
}

const NF4_BOUNDS = midpoints(NF4_TABLE);
const DYNAMIC_BOUNDS = midpoints(DYNAMIC_TABLE);

/** Bins a unit: no two bounds lie in one, so that one comparison decides, and nearly always the same way. */
const BINS = 128;
const BOUNDS_BELOW = Uint8Array.from({ length: 2 * BINS + 1 }, (_, bin) => NF4_BOUNDS.filter((bound) => bound < bin / BINS - 1).length);

function weightCodes(weight: Float32Array, absmax: Float32Array): Uint8Array {
  const codes = new Uint8Array(Math.ceil(weight.length / 2));
  const bounds = NF4_BOUNDS;
  for (let b = 0; b < absmax.length; b += 1) {
    const inverse = Math.fround(1 / Math.max(absmax[b]!, Math.fround(LEAST_ABSMAX)));
    for (let i = b * NF4_BLOCK; i < Math.min(weight.length, (b + 1) * NF4_BLOCK); i += 1) {
      const value = Math.fround(weight[i]! * inverse);
      const below = BOUNDS_BELOW[((value + 1) * BINS) | 0]!;
      const code = value > bounds[below]! ? below + 1 : below;
      codes[i >> 1]! |= i & 1 ? code : code << 4;
    }
  }
  return codes;
}

function scaleCodes(centred: Float32Array, nested: Float32Array): Uint8Array {
  return Uint8Array.from(centred, (difference, i) => {
    const most = nested[Math.floor(i / NESTED_BLOCK)]!;
    // Equal scales leave nothing to divide by; any code then means the same.
    if (most === 0) return 0;
    const value = Math.fround(difference * Math.fround(1 / most));
    let [code, above] = [0, DYNAMIC_BOUNDS.length];
    while (code < above) {
      const middle = (code + above) >> 1;
      if (value > DYNAMIC_BOUNDS[middle]!) code = middle + 1;
      else above = middle;
    }
    return code;
  });
}

/** Between neighbours, in float32. */
function midpoints(table: Float32Array): Float32Array {
  return Float32Array.from({ length: table.length - 1 }, (_, i) => Math.fround(table[i]! + table[i + 1]!) / 2);
}

/** 2^i numbers of decade i - 6, both signs, each the middle of an equal part of [0.1, 1]; then 0 and 1. */
function dynamicTable(): Float32Array {
  const table: number[] = [0, 1];
  for (let decade = 0; decade < 7; decade += 1) {
    const parts = 2 ** decade;
    const factor = Math.fround(10 ** (decade - 6));
    const edges = linspace(0.1, 1, parts + 1);
    for (let i = 0; i < parts; i += 1) {
      const value = Math.fround(factor * Math.fround(Math.fround(edges[i]! + edges[i + 1]!) / 2));
      table.push(value, -value);
    }
  }
  return Float32Array.from(table.sort((a, b) => a - b));
}

/** As torch computes it: from both ends towards the middle, in float32. */
function linspace(from: number, to: number, count: number): Float32Array {
  const step = Math.fround((Math.fround(to) - Math.fround(from)) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) => (i < count / 2 ? Math.fround(from) + step * i : to - step * (count - 1 - i)));
}
