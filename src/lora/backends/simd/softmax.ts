/** Softmax of rows in place, and its backward pass. */
import type { Code, Local, ModuleBuilder } from './assembler.ts';
import { F32, I32, V128, f32, f32x4, i32, sumLanes, v128, whileLoop } from './assembler.ts';
import { along, exponential, next } from './math.ts';

/** What stands behind a row's end while its largest number is sought. */
const NOTHING = -1e30;

export function defineSoftmax(m: ModuleBuilder, fused: boolean): void {
  // softmax(scores, rows, bytes, growth, limit, stride, scale): row i has bytes + i growth bytes; from there to `limit` it becomes zero, so
  // that products may read whole panels and a causal mask costs nothing. `limit` is a multiple of 16.
  m.define('softmax', [...new Array<typeof I32>(6).fill(I32), F32], (f, ...p) => {
    const [scores, rows, bytes, growth, limit, stride, scale] = p as [Local, Local, Local, Local, Local, Local, Local];
    const [at, most, sum, value, shift, exp] = [f.local(I32), f.local(V128), f.local(V128), f.local(V128), f.local(F32), exponential(f, fused)];
    const here = i32.add(scores.get, at.get);
    /** The rest of the row's last vector. */
    const fillTail = (filling: number): Code => [at.set(bytes.get), whileLoop(i32.and(at.get, i32.const(15)), f32.store(here, f32.const(filling)), next(at, i32.const(4)))];
    const lane = (i: number): Code => f32.lane(most.get, i);
    return whileLoop(
      rows.get,
      fillTail(NOTHING),
      most.set(f32x4.const(NOTHING)),
      along(at, bytes.get, most.set(f32x4.max(most.get, v128.load(here)))),
      shift.set(f32.mul(f32.max(f32.max(lane(0), lane(1)), f32.max(lane(2), lane(3))), scale.get)),
      sum.set(f32x4.const(0)),
      along(
        at,
        bytes.get,
        value.set(exp(f32x4.sub(f32x4.mul(v128.load(here), f32x4.splat(scale.get)), f32x4.splat(shift.get)))),
        v128.store(here, value.get),
        sum.set(f32x4.add(sum.get, value.get)),
      ),
      value.set(f32x4.splat(f32.div(f32.const(1), sumLanes(sum)))),
      along(at, bytes.get, v128.store(here, f32x4.mul(v128.load(here), value.get))),
      fillTail(0),
      whileLoop(i32.lt(at.get, limit.get), v128.store(here, f32x4.const(0)), next(at)),
      next(scores, stride.get),
      next(bytes, growth.get),
      next(rows, i32.const(-1)),
    );
  });
  // softmaxBackward(p, dp, rows, bytes, stride, scale): dp becomes scale p (dp - Σ p dp), in place
  m.define('softmaxBackward', [I32, I32, I32, I32, I32, F32], (f, ...p) => {
    const [probabilities, d, rows, bytes, stride, scale] = p as [Local, Local, Local, Local, Local, Local];
    const [at, sum, mean] = [f.local(I32), f.local(V128), f.local(V128)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      along(at, bytes.get, sum.set(f32x4.madd(fused, v128.load(here(probabilities)), v128.load(here(d)), sum.get))),
      mean.set(f32x4.splat(sumLanes(sum))),
      along(at, bytes.get, v128.store(here(d), f32x4.mul(f32x4.mul(v128.load(here(probabilities)), f32x4.sub(v128.load(here(d)), mean.get)), f32x4.splat(scale.get)))),
      [probabilities, d].map((row) => next(row, stride.get)),
      next(rows, i32.const(-1)),
    );
  });
}
