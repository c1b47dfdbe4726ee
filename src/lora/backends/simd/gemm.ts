/**
 * Matrix products: C = init + A B, tiles of 6 x 8 in twelve registers, as large as x86's sixteen allow.
 *
 * B is packed: panels of eight columns, each k x 8, the last filled up with zeros. A is read in place, row-major or transposed, with
 * any stride, so heads and fused layers need no copies. `init` is where the sum starts: a bias (stride 0), zeros (stride 0), or C itself.
 */
import type { Code, Local, ModuleBuilder } from './assembler.ts';
import { F32, I32, V128, f32, f32x4, i32, ifElse, v128, whileLoop } from './assembler.ts';

export const PANEL = 8;
const PANEL_BYTES = PANEL * 4;
export const TILE_ROWS = 6;
/** A tile that is narrower than a panel is computed here, at the start of memory, and its columns copied. */
export const SCRATCH_BYTES = TILE_ROWS * PANEL_BYTES;
const UNROLL = 4;

type Tile = (...values: Code[]) => Code;

/** tile(a, aStride, b, init, initStride, c, cStride, k); all strides in bytes. */
function tile(m: ModuleBuilder, rows: number, transposed: boolean, fused: boolean): Tile {
  return m.define(`tile${rows}${transposed ? 't' : ''}`, new Array<typeof I32>(8).fill(I32), (f, ...p) => {
    const [a, aStride, b, init, initStride, c, cStride, k] = p as [Local, Local, Local, Local, Local, Local, Local, Local];
    const sums = Array.from({ length: rows }, () => [f.local(V128), f.local(V128)] as const);
    const pointers = Array.from({ length: rows }, () => f.local(I32));
    const [left, right, value] = [f.local(V128), f.local(V128), f.local(V128)];
    const advance = (pointer: Local, by: Code): Code => pointer.set(i32.add(pointer.get, by));

    const eachRow = (start: Local, stride: Local, visit: (row: number, pointer: Code) => Code): Code =>
      sums.map((_, row) => [visit(row, start.get), row + 1 < rows ? advance(start, stride.get) : []]);
    const multiplyAdd = (row: number, factor: Code): Code => [
      value.set(factor),
      sums[row]![0].set(f32x4.madd(fused, value.get, left.get, sums[row]![0].get)),
      sums[row]![1].set(f32x4.madd(fused, value.get, right.get, sums[row]![1].get)),
    ];
    /** One k, `at` steps behind the pointers. */
    const once = (at: number): Code => [
      left.set(v128.load(b.get, at * PANEL_BYTES)),
      right.set(v128.load(b.get, at * PANEL_BYTES + 16)),
      sums.map((_, row) => multiplyAdd(row, transposed ? v128.loadSplat(a.get, row * 4) : v128.loadSplat(pointers[row]!.get, at * 4))),
    ];
    const step = (count: number): Code => {
      const parts = Array.from({ length: count }, (_, at) => [once(at), transposed ? advance(a, aStride.get) : []]);
      return [parts, advance(b, i32.const(count * PANEL_BYTES)), transposed ? [] : pointers.map((pointer) => advance(pointer, i32.const(count * 4)))];
    };
    return [
      transposed ? [] : pointers.map((pointer, row) => pointer.set(row === 0 ? a.get : i32.add(pointers[row - 1]!.get, aStride.get))),
      eachRow(init, initStride, (row, from) => [sums[row]![0].set(v128.load(from)), sums[row]![1].set(v128.load(from, 16))]),
      whileLoop(i32.lt(i32.const(UNROLL - 1), k.get), step(UNROLL), k.set(i32.sub(k.get, i32.const(UNROLL)))),
      whileLoop(k.get, step(1), k.set(i32.sub(k.get, i32.const(1)))),
      eachRow(c, cStride, (row, to) => [v128.store(to, sums[row]![0].get), v128.store(to, sums[row]![1].get, 16)]),
    ];
  });
}

/**
 * gemm(a, aStride, b, init, initStride, c, cStride, m, n, k, panel), and gemmT with A given as [k, m]. `panel` is the distance between
 * panels of B: more than k x 8 numbers when only B's first k rows are wanted.
 */
export function defineGemm(m: ModuleBuilder, fused: boolean): void {
  for (const transposed of [false, true]) {
    const tiles = Array.from({ length: TILE_ROWS }, (_, i) => tile(m, i + 1, transposed, fused));
    const strip = defineStrip(m, transposed, tiles);
    m.define(transposed ? 'gemmT' : 'gemm', new Array<typeof I32>(11).fill(I32), (_f, ...p) => {
      const [a, aStride, b, init, initStride, c, cStride, rows, n, k, panel] = p as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];
      const advance = (pointer: Local, bytes: number): Code => pointer.set(i32.add(pointer.get, i32.const(bytes)));
      return whileLoop(
        n.get,
        strip(a.get, aStride.get, b.get, init.get, initStride.get, c.get, cStride.get, rows.get, i32.min(n.get, i32.const(PANEL)), k.get),
        b.set(i32.add(b.get, panel.get)),
        advance(init, PANEL_BYTES),
        advance(c, PANEL_BYTES),
        n.set(i32.sub(n.get, i32.min(n.get, i32.const(PANEL)))),
      );
    });
  }
}

/** All rows of one panel, `width` of whose columns are real. */
function defineStrip(m: ModuleBuilder, transposed: boolean, tiles: readonly Tile[]): Tile {
  return m.define(transposed ? 'stripT' : 'strip', new Array<typeof I32>(10).fill(I32), (f, ...p) => {
    const [a, aStride, b, init, initStride, c, cStride, rows, width, k] = p as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];
    const [now, row, column] = [f.local(I32), f.local(I32), f.local(I32)];
    const full = i32.eq(width.get, i32.const(PANEL));
    const run = (start: Code, startStride: Code, to: Code, toStride: Code): Code =>
      tiles.reduceRight<Code>((otherwise, call, i) => ifElse(i32.eq(now.get, i32.const(i + 1)), call(a.get, aStride.get, b.get, start, startStride, to, toStride, k.get), otherwise), []);
    const copy = (from: Code, fromStride: Code, to: Code, toStride: Code): Code => [
      row.set(i32.const(0)),
      whileLoop(
        i32.lt(row.get, now.get),
        column.set(i32.const(0)),
        whileLoop(
          i32.lt(column.get, i32.shl(width.get, 2)),
          f32.store(i32.add(i32.add(to, i32.mul(row.get, toStride)), column.get), f32.load(i32.add(i32.add(from, i32.mul(row.get, fromStride)), column.get))),
          column.set(i32.add(column.get, i32.const(4))),
        ),
        row.set(i32.add(row.get, i32.const(1))),
      ),
    ];
    const scratch = [i32.const(0), i32.const(PANEL_BYTES)] as const;
    const skip = (pointer: Local, stride: Code): Code => pointer.set(i32.add(pointer.get, i32.mul(now.get, stride)));
    return whileLoop(
      rows.get,
      now.set(i32.min(rows.get, i32.const(TILE_ROWS))),
      ifElse(full, run(init.get, initStride.get, c.get, cStride.get), [copy(init.get, initStride.get, ...scratch), run(...scratch, ...scratch), copy(...scratch, c.get, cStride.get)]),
      skip(a, transposed ? i32.const(4) : aStride.get),
      skip(init, initStride.get),
      skip(c, cStride.get),
      rows.set(i32.sub(rows.get, now.get)),
    );
  });
}

/**
 * pack(from, kStride, nStride, k, n, to, scale): B's element (i, j) lies at from + i kStride + j nStride; packed, it is scaled.
 * Panels of rows that lie side by side (nStride 4) move eight at a time.
 */
export function definePack(m: ModuleBuilder): void {
  m.define('pack', [I32, I32, I32, I32, I32, I32, F32], (f, ...p) => {
    const [from, kStride, nStride, k, n, to, scale] = p as [Local, Local, Local, Local, Local, Local, Local];
    const [i, j, source, width, factor] = [f.local(I32), f.local(I32), f.local(I32), f.local(I32), f.local(V128)];
    const next = (pointer: Local, by: Code): Code => pointer.set(i32.add(pointer.get, by));
    const move = (offset: number): Code => v128.store(to.get, f32x4.mul(v128.load(source.get, offset), factor.get), offset);
    const rowWise: Code = [
      source.set(from.get),
      i.set(k.get),
      whileLoop(i.get, move(0), move(16), next(source, kStride.get), next(to, i32.const(PANEL_BYTES)), next(i, i32.const(-1))),
    ];
    const element = f32.load(i32.add(i32.add(from.get, i32.mul(i.get, kStride.get)), i32.mul(j.get, nStride.get)));
    const elementWise: Code = [
      i.set(i32.const(0)),
      whileLoop(
        i32.lt(i.get, k.get),
        v128.store(to.get, f32x4.const(0)),
        v128.store(to.get, f32x4.const(0), 16),
        j.set(i32.const(0)),
        whileLoop(i32.lt(j.get, width.get), f32.store(i32.add(to.get, i32.shl(j.get, 2)), f32.mul(element, scale.get)), next(j, i32.const(1))),
        next(to, i32.const(PANEL_BYTES)),
        next(i, i32.const(1)),
      ),
    ];
    return [
      factor.set(f32x4.splat(scale.get)),
      whileLoop(
        n.get,
        width.set(i32.min(n.get, i32.const(PANEL))),
        ifElse(i32.and(i32.eq(nStride.get, i32.const(4)), i32.eq(width.get, i32.const(PANEL))), rowWise, elementWise),
        next(from, i32.mul(i32.const(PANEL), nStride.get)),
        n.set(i32.sub(n.get, width.get)),
      ),
    ];
  });
}
