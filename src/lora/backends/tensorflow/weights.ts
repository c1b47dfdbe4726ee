/**
 * Frozen weights: in the type of products, or as NF4 (../../quantise.ts), which is turned into numbers anew in each product: compiled, the numbers
 * live no longer than it takes to multiply them.
 */
import type { Nf4 } from '../../quantise.ts';
import { DYNAMIC_TABLE, NESTED_BLOCK, NF4_BLOCK, NF4_TABLE } from '../../quantise.ts';
import { FLOAT, INT32, UINT8 } from './binding.ts';
import type { Handle, Machine, Raw, TfFrozen, TfNf4, TfTensor } from './machine.ts';

export function uploadNf4({ tensor, upload }: Machine, { rows, cols, codes, absmax, nested, offset }: Nf4): TfNf4 {
  // Lengths are the matrix's: of an outline (counting.ts) there are no numbers.
  const blocks = Math.ceil((rows * cols) / NF4_BLOCK);
  const vector = (values: Uint8Array | Float32Array, length: number): TfTensor => {
    const type = values instanceof Uint8Array ? UINT8 : FLOAT;
    return tensor(upload(values, [length], type), 1, length, type);
  };
  return {
    rows,
    cols,
    codes: vector(filledUp(codes), (blocks * NF4_BLOCK) / 2),
    absmax: vector(absmax, blocks),
    nested: vector(nested, Math.ceil(blocks / NESTED_BLOCK)),
    offset: tensor(upload(Float32Array.of(offset), [], FLOAT), 1, 1),
  };
}

/** To whole blocks. */
function filledUp(codes: Uint8Array): Uint8Array {
  const perBlock = NF4_BLOCK / 2;
  if (codes.length % perBlock === 0) return codes;
  const whole = new Uint8Array(Math.ceil(codes.length / perBlock) * perBlock);
  whole.set(codes);
  return whole;
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
