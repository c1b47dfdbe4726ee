/**
 * NF4 codes to float32 panels, as products read B, sixteen weights at a time. The table's 64 bytes lie in four registers, one for each byte of
 * a float: a code picks its four bytes by four swizzles, which two rounds of interleaving put together.
 */
import { NF4_TABLE } from '../../quantise.ts';
import type { Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts';
import { I32, V128, f32x4, i32, v128, whileLoop } from './assembler.ts';

const next = (pointer: Local, by: Code): Code => pointer.set(i32.add(pointer.get, by));

/** Bytes of the lower or upper half of a and of b, in turns of `size` bytes. */
function interleave(a: Code, b: Code, size: 1 | 2 | 4, half: 0 | 1): Code {
  const lanes = Array.from({ length: 16 }, (_, i) => {
    const unit = Math.floor(i / size);
    return (unit & 1) * 16 + half * 8 + (unit >> 1) * size + (i % size);
  });
  return v128.bytes(a, b, lanes);
}

interface Decoder {
  /** Must stand at a function's start. */
  readonly start: Code;
  /** High and low halves of a vector of bytes. */
  high(pairs: Code): Code;
  low(pairs: Code): Code;
  /** The numbers of sixteen codes, in four vectors. */
  floats(codes: Code, store: (quarter: 0 | 1 | 2 | 3, numbers: Code) => Code): Code;
}

function decoder(f: FunctionBuilder, relaxed: boolean): Decoder {
  const bytes = new Uint8Array(NF4_TABLE.buffer);
  const planes = [0, 1, 2, 3].map(() => f.local(V128));
  const picked = [0, 1, 2, 3].map(() => f.local(V128));
  const [codes, mask] = [f.local(V128), f.local(V128)];
  return {
    start: [
      mask.set(v128.const(new Array<number>(16).fill(15))),
      planes.map((plane, byte) => plane.set(v128.const(Array.from({ length: 16 }, (_, code) => bytes[code * 4 + byte]!)))),
    ],
    high: (pairs) => v128.and(v128.shiftRight16(pairs, 4), mask.get),
    low: (pairs) => v128.and(pairs, mask.get),
    floats: (sixteen, store) => [
      codes.set(sixteen),
      picked.map((to, byte) => to.set(v128.swizzle(relaxed, planes[byte]!.get, codes.get))),
      ([0, 1] as const).map((half) => {
        const pair = (byte: number): Code => interleave(picked[byte]!.get, picked[byte + 1]!.get, 1, half);
        return ([0, 1] as const).map((quarter) => store((half * 2 + quarter) as 0 | 1 | 2 | 3, interleave(pair(0), pair(2), 2, quarter)));
      }),
    ],
  };
}

export function defineNf4(m: ModuleBuilder, relaxed: boolean): void {
  defineAcross(m, relaxed);
  defineAlong(m, relaxed);
}

/**
 * nf4Across(codes, scales, k, rows, to): B = Wᵀ of W [rows, k], a panel for eight rows of W. `scales` lie panel by panel, block by block, the
 * eight rows' side by side. k is a multiple of 64, rows of 8.
 */
function defineAcross(m: ModuleBuilder, relaxed: boolean): void {
  m.define('nf4Across', [I32, I32, I32, I32, I32], (f, ...p) => {
    const [codes, scales, k, rows, to] = p as [Local, Local, Local, Local, Local];
    const { start, high, low, floats } = decoder(f, relaxed);
    const row = Array.from({ length: 8 }, () => f.local(I32));
    const pairs = Array.from({ length: 8 }, () => f.local(V128));
    const [left, column, tile, scale] = [f.local(I32), f.local(I32), f.local(I32), [f.local(V128), f.local(V128)] as const];
    const rowBytes = i32.shrU(k.get, 1);

    /** Eight rows of eight bytes become eight bytes of eight rows, two to a vector: each round doubles how much of a column lies together. */
    const transpose = (source: readonly Local[], size: 1 | 2 | 4, halves: readonly (0 | 1)[], target: readonly Local[]): Code =>
      target.map((vector, i) => vector.set(interleave(source[Math.floor(i / halves.length) * 2]!.get, source[Math.floor(i / halves.length) * 2 + 1]!.get, size, halves[i % halves.length]!)));
    const again = Array.from({ length: 4 }, () => f.local(V128));
    const done = Array.from({ length: 4 }, () => f.local(V128));
    const rounds: Code = [
      transpose(pairs, 1, [0], again),
      // 01 23 45 67 by bytes: 0123 low, 0123 high, 4567 low, 4567 high by pairs.
      transpose(again, 2, [0, 1], done),
      [0, 1].map((part) => ([0, 1] as const).map((half) => again[part * 2 + half]!.set(interleave(done[part]!.get, done[part + 2]!.get, 4, half)))),
    ];
    /** Four columns of eight rows: bytes 2 q and 2 q + 1 of each. */
    const columns = (q: number): Code =>
      [high, low].map((halves, odd) =>
        floats(halves(again[q]!.get), (quarter, numbers) => v128.store(to.get, f32x4.mul(numbers, scale[quarter & 1]!.get), (q * 4 + (quarter >> 1) * 2 + odd) * 32 + (quarter & 1) * 16)),
      );
    return [
      start,
      left.set(rows.get),
      row.map((pointer, i) => pointer.set(i === 0 ? codes.get : i32.add(row[i - 1]!.get, rowBytes))),
      whileLoop(
        left.get,
        column.set(k.get),
        whileLoop(
          column.get,
          scale.map((vector, i) => vector.set(v128.load(scales.get, i * 16))),
          tile.set(i32.const(4)),
          whileLoop(
            tile.get,
            pairs.map((vector, i) => vector.set(v128.load64(row[i]!.get))),
            rounds,
            [0, 1, 2, 3].map(columns),
            row.map((pointer) => next(pointer, i32.const(8))),
            next(to, i32.const(16 * 32)),
            next(tile, i32.const(-1)),
          ),
          next(scales, i32.const(32)),
          next(column, i32.const(-64)),
        ),
        row.map((pointer) => next(pointer, i32.mul(rowBytes, i32.const(7)))),
        next(left, i32.const(-8)),
      ),
    ];
  });
}

/**
 * nf4Along(codes, scales, rows, cols, to, panel): B = W [rows, cols], a panel for eight columns; `panel` bytes from one to the next. `scales` lie
 * row by row. cols is a multiple of 64.
 */
function defineAlong(m: ModuleBuilder, relaxed: boolean): void {
  m.define('nf4Along', [I32, I32, I32, I32, I32, I32], (f, ...p) => {
    const [codes, scales, rows, cols, to, panel] = p as [Local, Local, Local, Local, Local, Local];
    const { start, high, low, floats } = decoder(f, relaxed);
    const [column, row, from, factor, first, second] = [f.local(I32), f.local(I32), f.local(I32), f.local(I32), f.local(I32), f.local(I32)];
    const [pairs, scale] = [f.local(V128), f.local(V128)];
    return [
      start,
      column.set(i32.const(0)),
      whileLoop(
        i32.lt(column.get, cols.get),
        row.set(rows.get),
        from.set(i32.add(codes.get, i32.shrU(column.get, 1))),
        factor.set(i32.add(scales.get, i32.shl(i32.shrU(column.get, 6), 2))),
        first.set(to.get),
        second.set(i32.add(to.get, panel.get)),
        whileLoop(
          row.get,
          pairs.set(v128.load64(from.get)),
          scale.set(v128.loadSplat(factor.get)),
          floats(interleave(high(pairs.get), low(pairs.get), 1, 0), (quarter, numbers) =>
            v128.store((quarter < 2 ? first : second).get, f32x4.mul(numbers, scale.get), (quarter & 1) * 16),
          ),
          next(from, i32.shrU(cols.get, 1)),
          next(factor, i32.shl(i32.shrU(cols.get, 6), 2)),
          next(first, i32.const(32)),
          next(second, i32.const(32)),
          next(row, i32.const(-1)),
        ),
        next(to, i32.shl(panel.get, 1)),
        next(column, i32.const(16)),
      ),
    ];
  });
}
