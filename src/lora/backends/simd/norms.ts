/** Norms of rows: of layers, and by the root mean square. */
import type { Code, Local, ModuleBuilder } from './assembler.ts';
import { F32, I32, V128, f32, f32x4, i32, sumLanes, v128, whileLoop } from './assembler.ts';
import { along, next } from './math.ts';

export function defineNorms(m: ModuleBuilder, fused: boolean): void {
  // layerNorm(x, residual, weight, bias, y, normal, inverse, rows, bytes, epsilon); `bytes` of a row; residual 0: none
  m.define('layerNorm', [...new Array<typeof I32>(9).fill(I32), F32], (f, ...p) => {
    const [x, residual, weight, bias, y, normal, inverse, rows, bytes, epsilon] = p as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];
    const [at, sum, value, mean, scale] = [f.local(I32), f.local(V128), f.local(V128), f.local(F32), f.local(F32)];
    const count = numbersIn(bytes);
    const here = (row: Local): Code => i32.add(row.get, at.get);
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      along(
        at,
        bytes.get,
        value.set(v128.load(here(x))),
        [residual.get, 0x04, 0x40, value.set(f32x4.add(value.get, v128.load(here(residual)))), 0x0b],
        sum.set(f32x4.add(sum.get, value.get)),
        v128.store(here(normal), value.get),
      ),
      mean.set(f32.div(sumLanes(sum), count)),
      sum.set(f32x4.const(0)),
      along(
        at,
        bytes.get,
        value.set(f32x4.sub(v128.load(here(normal)), f32x4.splat(mean.get))),
        sum.set(f32x4.madd(fused, value.get, value.get, sum.get)),
        v128.store(here(normal), value.get),
      ),
      scale.set(f32.div(f32.const(1), f32.sqrt(f32.add(f32.div(sumLanes(sum), count), epsilon.get)))),
      f32.store(inverse.get, scale.get),
      along(
        at,
        bytes.get,
        value.set(f32x4.mul(v128.load(here(normal)), f32x4.splat(scale.get))),
        v128.store(here(normal), value.get),
        v128.store(here(y), f32x4.madd(fused, value.get, v128.load(here(weight)), v128.load(here(bias)))),
      ),
      [x, y, normal].map((row) => next(row, bytes.get)),
      [residual.get, 0x04, 0x40, next(residual, bytes.get), 0x0b],
      next(inverse, i32.const(4)),
      next(rows, i32.const(-1)),
    );
  });
  // layerNormBackward(dy, normal, inverse, weight, dx, rows, bytes)
  m.define('layerNormBackward', new Array<typeof I32>(7).fill(I32), (f, ...p) => {
    const [dy, normal, inverse, weight, dx, rows, bytes] = p as [Local, Local, Local, Local, Local, Local, Local];
    const [at, sum, dot, value, shift, slope] = [f.local(I32), f.local(V128), f.local(V128), f.local(V128), f.local(V128), f.local(V128)];
    const count = numbersIn(bytes);
    const here = (row: Local): Code => i32.add(row.get, at.get);
    const weighted = f32x4.mul(v128.load(here(dy)), v128.load(here(weight)));
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      dot.set(f32x4.const(0)),
      along(at, bytes.get, value.set(weighted), sum.set(f32x4.add(sum.get, value.get)), dot.set(f32x4.madd(fused, value.get, v128.load(here(normal)), dot.get))),
      shift.set(f32x4.splat(f32.div(sumLanes(sum), count))),
      slope.set(f32x4.splat(f32.div(sumLanes(dot), count))),
      along(
        at,
        bytes.get,
        value.set(f32x4.sub(f32x4.sub(weighted, shift.get), f32x4.mul(v128.load(here(normal)), slope.get))),
        v128.store(here(dx), f32x4.mul(value.get, v128.loadSplat(inverse.get))),
      ),
      [dy, normal, dx].map((row) => next(row, bytes.get)),
      next(inverse, i32.const(4)),
      next(rows, i32.const(-1)),
    );
  });
  defineRms(m, fused);
}

/** How many numbers so many bytes are. */
const numbersIn = (bytes: Local): Code => f32.fromInt([bytes.get, i32.const(2), 0x76]);

function defineRms(m: ModuleBuilder, fused: boolean): void {
  // rmsNorm(x, weight, y, normal, inverse, rows, bytes, epsilon)
  m.define('rmsNorm', [...new Array<typeof I32>(7).fill(I32), F32], (f, ...p) => {
    const [x, weight, y, normal, inverse, rows, bytes, epsilon] = p as [Local, Local, Local, Local, Local, Local, Local, Local];
    const [at, sum, value, scale] = [f.local(I32), f.local(V128), f.local(V128), f.local(F32)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      along(at, bytes.get, value.set(v128.load(here(x))), sum.set(f32x4.madd(fused, value.get, value.get, sum.get))),
      scale.set(f32.div(f32.const(1), f32.sqrt(f32.add(f32.div(sumLanes(sum), numbersIn(bytes)), epsilon.get)))),
      f32.store(inverse.get, scale.get),
      along(
        at,
        bytes.get,
        value.set(f32x4.mul(v128.load(here(x)), f32x4.splat(scale.get))),
        v128.store(here(normal), value.get),
        v128.store(here(y), f32x4.mul(value.get, v128.load(here(weight)))),
      ),
      [x, y, normal].map((row) => next(row, bytes.get)),
      next(inverse, i32.const(4)),
      next(rows, i32.const(-1)),
    );
  });
  // rmsNormBackward(dy, normal, inverse, weight, dx, rows, bytes)
  m.define('rmsNormBackward', new Array<typeof I32>(7).fill(I32), (f, ...p) => {
    const [dy, normal, inverse, weight, dx, rows, bytes] = p as [Local, Local, Local, Local, Local, Local, Local];
    const [at, dot, slope] = [f.local(I32), f.local(V128), f.local(V128)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    const weighted = f32x4.mul(v128.load(here(dy)), v128.load(here(weight)));
    return whileLoop(
      rows.get,
      dot.set(f32x4.const(0)),
      along(at, bytes.get, dot.set(f32x4.madd(fused, weighted, v128.load(here(normal)), dot.get))),
      slope.set(f32x4.splat(f32.div(sumLanes(dot), numbersIn(bytes)))),
      along(
        at,
        bytes.get,
        v128.store(here(dx), f32x4.mul(f32x4.sub(weighted, f32x4.mul(v128.load(here(normal)), slope.get)), v128.loadSplat(inverse.get))),
      ),
      [dy, normal, dx].map((row) => next(row, bytes.get)),
      next(inverse, i32.const(4)),
      next(rows, i32.const(-1)),
    );
  });
}
