/** Sums, activations and rotary positions. */
import type { Code, Local, ModuleBuilder } from './assembler.ts';
import { F32, I32, V128, f32x4, i32, v128, whileLoop } from './assembler.ts';
import { along, each, exponential, logistic, next, normalCdf } from './math.ts';

export function defineRows(m: ModuleBuilder, fused: boolean): void {
  // add(x, y, to, bytes)
  m.define('add', [I32, I32, I32, I32], (f, ...p) => {
    const [x, y, to, bytes] = p as [Local, Local, Local, Local];
    return each(f, bytes.get, [x, y, to], v128.store(to.get, f32x4.add(v128.load(x.get), v128.load(y.get))));
  });
  // addScaled(from, to, scale, bytes): to += scale from
  m.define('addScaled', [I32, I32, F32, I32], (f, ...p) => {
    const [from, to, scale, bytes] = p as [Local, Local, Local, Local];
    return each(f, bytes.get, [from, to], v128.store(to.get, f32x4.madd(fused, v128.load(from.get), f32x4.splat(scale.get), v128.load(to.get))));
  });
  // gelu(x, to, bytes)
  m.define('gelu', [I32, I32, I32], (f, ...p) => {
    const [x, to, bytes] = p as [Local, Local, Local];
    const [value, cdf] = [f.local(V128), normalCdf(f, fused)];
    return each(f, bytes.get, [x, to], value.set(v128.load(x.get)), v128.store(to.get, f32x4.mul(value.get, cdf(value.get))));
  });
  // geluBackward(dy, x, to, bytes): dy (Φ(x) + x φ(x))
  m.define('geluBackward', [I32, I32, I32, I32], (f, ...p) => {
    const [dy, x, to, bytes] = p as [Local, Local, Local, Local];
    const [value, share, cdf, exp] = [f.local(V128), f.local(V128), normalCdf(f, fused), exponential(f, fused)];
    const density = f32x4.mul(exp(f32x4.mul(f32x4.mul(value.get, value.get), f32x4.const(-0.5))), f32x4.const(1 / Math.sqrt(2 * Math.PI)));
    return each(
      f,
      bytes.get,
      [dy, x, to],
      value.set(v128.load(x.get)),
      share.set(cdf(value.get)),
      v128.store(to.get, f32x4.mul(v128.load(dy.get), f32x4.madd(fused, value.get, density, share.get))),
    );
  });
  defineGates(m, fused);
}

/** Gates and rotary positions, row by row. */
function defineGates(m: ModuleBuilder, fused: boolean): void {
  // siluMul(x, to, rows, bytes): `bytes` of a row of the result, half of a row of x
  m.define('siluMul', [I32, I32, I32, I32], (f, ...p) => {
    const [x, to, rows, bytes] = p as [Local, Local, Local, Local];
    const [at, gate, share] = [f.local(I32), f.local(V128), logistic(f, fused)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    return whileLoop(
      rows.get,
      along(
        at,
        bytes.get,
        gate.set(v128.load(here(x))),
        v128.store(here(to), f32x4.mul(f32x4.mul(gate.get, share(gate.get)), v128.load(i32.add(here(x), bytes.get)))),
      ),
      next(x, i32.shl(bytes.get, 1)),
      next(to, bytes.get),
      next(rows, i32.const(-1)),
    );
  });
  // siluMulBackward(dy, x, to, rows, bytes): `bytes` of a row of dy
  m.define('siluMulBackward', [I32, I32, I32, I32, I32], (f, ...p) => {
    const [dy, x, to, rows, bytes] = p as [Local, Local, Local, Local, Local];
    const [at, gate, d, open, share] = [f.local(I32), f.local(V128), f.local(V128), f.local(V128), logistic(f, fused)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    const slope = f32x4.madd(fused, gate.get, f32x4.sub(f32x4.const(1), open.get), f32x4.const(1));
    return whileLoop(
      rows.get,
      along(
        at,
        bytes.get,
        gate.set(v128.load(here(x))),
        open.set(share(gate.get)),
        d.set(f32x4.mul(v128.load(here(dy)), open.get)),
        v128.store(here(to), f32x4.mul(f32x4.mul(d.get, v128.load(i32.add(here(x), bytes.get))), slope)),
        v128.store(i32.add(here(to), bytes.get), f32x4.mul(d.get, gate.get)),
      ),
      [x, to].map((row) => next(row, i32.shl(bytes.get, 1))),
      next(dy, bytes.get),
      next(rows, i32.const(-1)),
    );
  });
  // rotary(x, cos, sin, to, rows, heads, half, rest, sign): `half` bytes of half a head, `rest` bytes behind the heads that pass through
  m.define('rotary', [...new Array<typeof I32>(8).fill(I32), F32], (f, ...p) => {
    const [x, cos, sin, to, rows, heads, half, rest, sign] = p as [Local, Local, Local, Local, Local, Local, Local, Local, Local];
    const [at, left, first, second, c, s] = [f.local(I32), f.local(I32), f.local(V128), f.local(V128), f.local(V128), f.local(V128)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    return whileLoop(
      rows.get,
      left.set(heads.get),
      whileLoop(
        left.get,
        along(
          at,
          half.get,
          first.set(v128.load(here(x))),
          second.set(v128.load(i32.add(here(x), half.get))),
          c.set(v128.load(here(cos))),
          s.set(f32x4.mul(v128.load(here(sin)), f32x4.splat(sign.get))),
          v128.store(here(to), f32x4.sub(f32x4.mul(first.get, c.get), f32x4.mul(second.get, s.get))),
          v128.store(i32.add(here(to), half.get), f32x4.add(f32x4.mul(second.get, c.get), f32x4.mul(first.get, s.get))),
        ),
        [x, to].map((row) => next(row, i32.shl(half.get, 1))),
        next(left, i32.const(-1)),
      ),
      along(at, rest.get, v128.store(here(to), v128.load(here(x)))),
      [x, to].map((row) => next(row, rest.get)),
      [cos, sin].map((row) => next(row, half.get)),
      next(rows, i32.const(-1)),
    );
  });
}

