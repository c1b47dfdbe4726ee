/**
 * Frozen weights: in the type of products, or as NF4 (../../quantise.ts), which is turned into numbers anew in each product: compiled, the numbers
 * live no longer than it takes to multiply them.
 */
import type { Nf4 } from '../../quantise.ts';
import { DYNAMIC_TABLE, NESTED_BLOCK, NF4_BLOCK, NF4_TABLE } from '../../quantise.ts';
import { FLOAT, INT32, UINT8 } from './binding.ts';
import type { Handle, Machine, Raw, TfFrozen, TfNf4, TfTensor } from './machine.ts';

export function uploadNf4({ tensor, upload }: Machine, { rows, cols, codes, absmax, nested, offset }: Nf4): TfNf4 {
  const whole = new Uint8Array((absmax.length * NF4_BLOCK) / 2);
  whole.set(codes);
  const vector = (values: Uint8Array | Float32Array): TfTensor => tensor(upload(values, [values.length], values instanceof Uint8Array ? UINT8 : FLOAT), 1, values.length, values instanceof Uint8Array ? UINT8 : FLOAT);
  return { rows, cols, codes: vector(whole), absmax: vector(absmax), nested: vector(nested), offset: tensor(upload(Float32Array.of(offset), [], FLOAT), 1, 1) };
}

/** The numbers of all parts, one below the other, [outputs, inputs], in the type of products. */
export function weightOf(machine: Machine, raw: Raw, { weight, outputs, inputs }: TfFrozen): Handle {
  if (!Array.isArray(weight)) return (weight as TfTensor).handle;
  const parts = (weight as readonly TfNf4[]).map((part) => dequantise(machine, raw, part));
  return raw.reshape(raw.concat(parts, 0, machine.half), outputs, inputs);
}

/** Number for number what ../../quantise.ts computes, then rounded to the type of products. */
function dequantise(machine: Machine, raw: Raw, { rows, cols, codes, absmax, nested, offset }: TfNf4): Handle {
  const { op } = machine;
  const look = (table: Float32Array, indices: Handle): Handle => raw.gather(machine.table(table), raw.cast(indices, UINT8, INT32));
  const blocks = absmax.cols;
  const pairs = raw.reshape(codes.handle, blocks, NF4_BLOCK / 2, 1);
  const numbers = look(NF4_TABLE, raw.concat([op('RightShift', [pairs, machine.byte(4)]), op('BitwiseAnd', [pairs, machine.byte(15)])], 2, UINT8));
  // Each nested scale once for every one of its blocks; the last may have fewer.
  const spread = raw.reshape(raw.multiply(raw.reshape(nested.handle, nested.cols, 1), machine.ones(NESTED_BLOCK)), nested.cols * NESTED_BLOCK);
  const mine = op('Slice', [spread, machine.wholes([0]), machine.wholes([blocks])]);
  const scales = raw.add(raw.multiply(look(DYNAMIC_TABLE, absmax.handle), mine), offset.handle);
  const all = raw.cast(raw.multiply(numbers, raw.reshape(scales, blocks, 1, 1)), FLOAT, machine.half);
  const count = rows * cols;
  const flat = raw.reshape(all, blocks * NF4_BLOCK);
  return raw.reshape(count === blocks * NF4_BLOCK ? flat : op('Slice', [flat, machine.wholes([0]), machine.wholes([count])]), rows, cols);
}
