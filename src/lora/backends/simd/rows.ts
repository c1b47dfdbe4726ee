/** The kernels besides products: norms, activations, softmax, sums. Row widths and counts are multiples of 4, or padded to it. */
import type { Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts';
import { F32, I32, V128, f32, f32x4, i32, i32x4, sumLanes, v128, whileLoop } from './assembler.ts';

const four = i32.const(16);
const next = (pointer: Local, by: Code = four): Code => pointer.set(i32.add(pointer.get, by));

/** c0 + c1 x + c2 x² ..., by Horner. */
const polynomial = (fused: boolean, x: Code, coefficients: readonly number[]): Code =>
  coefficients.reduceRight<Code | null>((sum, c) => (sum === null ? f32x4.const(c) : f32x4.madd(fused, sum, x, f32x4.const(c))), null)!;

/** exp to 2 units in the last place: 2^n by its bits, the rest by Taylor's series to the sixth power. Arguments are held in ±87. */
function exponential(f: FunctionBuilder, fused: boolean): (x: Code) => Code {
  const [x, n] = [f.local(V128), f.local(V128)];
  return (argument) => [
    x.set(f32x4.max(f32x4.min(argument, f32x4.const(87)), f32x4.const(-87))),
    n.set(f32x4.nearest(f32x4.mul(x.get, f32x4.const(Math.LOG2E)))),
    // ln 2 in two parts, so that n ln 2 is exact enough.
    x.set(f32x4.madd(fused, n.get, f32x4.const(-0.693359375), x.get)),
    x.set(f32x4.madd(fused, n.get, f32x4.const(2.12194440e-4), x.get)),
    f32x4.mul(polynomial(fused, x.get, [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720]), i32x4.shl(i32x4.add(f32x4.toInt(n.get), v128.bits(127)), 23)),
  ];
}

/** erf as the quotient of two polynomials on ±4, as Eigen and XLA compute it in float32. */
const ERF_ABOVE = [-1.60960333262415e-2, -2.95459980854025e-3, -7.34990630326855e-4, -5.69250639462346e-5, -2.10102402082508e-6, 2.77068142495902e-8, -2.72614225801306e-10];
const ERF_BELOW = [-1.42647390514189e-2, -7.37332916720468e-3, -1.68282697438203e-3, -2.13374055278905e-4, -1.45660718464996e-5];

/** Φ(x), the normal distribution's share below x. */
function normalCdf(f: FunctionBuilder, fused: boolean): (x: Code) => Code {
  const [z, square] = [f.local(V128), f.local(V128)];
  return (x) => [
    z.set(f32x4.max(f32x4.min(f32x4.mul(x, f32x4.const(Math.SQRT1_2)), f32x4.const(4)), f32x4.const(-4))),
    square.set(f32x4.mul(z.get, z.get)),
    f32x4.madd(
      fused,
      f32x4.div(f32x4.mul(z.get, polynomial(fused, square.get, ERF_ABOVE)), polynomial(fused, square.get, ERF_BELOW)),
      f32x4.const(0.5),
      f32x4.const(0.5),
    ),
  ];
}

/** Visits `bytes` of memory, 16 at a time; the pointers move on. */
function each(f: FunctionBuilder, bytes: Code, pointers: readonly Local[], ...body: Code[]): Code {
  const left = f.local(I32);
  return [left.set(bytes), whileLoop(left.get, ...body, pointers.map((pointer) => next(pointer)), left.set(i32.sub(left.get, four)))];
}

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
  defineNorms(m, fused);
  defineSoftmax(m, fused);
}

function defineNorms(m: ModuleBuilder, fused: boolean): void {
  // layerNorm(x, residual, weight, bias, y, normal, inverse, rows, bytes, epsilon); `bytes` of a row; residual 0: none
  m.define('layerNorm', [...new Array<typeof I32>(9).fill(I32), F32], (f, ...p) => {
    const [x, residual, weight, bias, y, normal, inverse, rows, bytes, epsilon] = p as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];
    const [at, sum, value, mean, scale] = [f.local(I32), f.local(V128), f.local(V128), f.local(F32), f.local(F32)];
    const count = f32.fromInt([bytes.get, i32.const(2), 0x76]);
    const along = (...body: Code[]): Code => [at.set(i32.const(0)), whileLoop(i32.lt(at.get, bytes.get), ...body, next(at))];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      along(
        value.set(v128.load(here(x))),
        [residual.get, 0x04, 0x40, value.set(f32x4.add(value.get, v128.load(here(residual)))), 0x0b],
        sum.set(f32x4.add(sum.get, value.get)),
        v128.store(here(normal), value.get),
      ),
      mean.set(f32.div(sumLanes(sum), count)),
      sum.set(f32x4.const(0)),
      along(
        value.set(f32x4.sub(v128.load(here(normal)), f32x4.splat(mean.get))),
        sum.set(f32x4.madd(fused, value.get, value.get, sum.get)),
        v128.store(here(normal), value.get),
      ),
      scale.set(f32.div(f32.const(1), f32.sqrt(f32.add(f32.div(sumLanes(sum), count), epsilon.get)))),
      f32.store(inverse.get, scale.get),
      along(
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
    const count = f32.fromInt([bytes.get, i32.const(2), 0x76]);
    const along = (...body: Code[]): Code => [at.set(i32.const(0)), whileLoop(i32.lt(at.get, bytes.get), ...body, next(at))];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    const weighted = f32x4.mul(v128.load(here(dy)), v128.load(here(weight)));
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      dot.set(f32x4.const(0)),
      along(value.set(weighted), sum.set(f32x4.add(sum.get, value.get)), dot.set(f32x4.madd(fused, value.get, v128.load(here(normal)), dot.get))),
      shift.set(f32x4.splat(f32.div(sumLanes(sum), count))),
      slope.set(f32x4.splat(f32.div(sumLanes(dot), count))),
      along(
        value.set(f32x4.sub(f32x4.sub(weighted, shift.get), f32x4.mul(v128.load(here(normal)), slope.get))),
        v128.store(here(dx), f32x4.mul(value.get, v128.loadSplat(inverse.get))),
      ),
      [dy, normal, dx].map((row) => next(row, bytes.get)),
      next(inverse, i32.const(4)),
      next(rows, i32.const(-1)),
    );
  });
}

/** What stands behind a row's end before its softmax: small enough that its exponential adds nothing. */
const NOTHING = -1e30;

function defineSoftmax(m: ModuleBuilder, fused: boolean): void {
  // softmax(scores, rows, bytes, stride, scale): in place; a row's last vector may reach into its padding
  m.define('softmax', [I32, I32, I32, I32, F32], (f, ...p) => {
    const [scores, rows, bytes, stride, scale] = p as [Local, Local, Local, Local, Local];
    const [at, most, sum, value, shift, exp] = [f.local(I32), f.local(V128), f.local(V128), f.local(V128), f.local(F32), exponential(f, fused)];
    const here = i32.add(scores.get, at.get);
    const along = (...body: Code[]): Code => [at.set(i32.const(0)), whileLoop(i32.lt(at.get, bytes.get), ...body, next(at))];
    const lane = (i: number): Code => f32.lane(most.get, i);
    return whileLoop(
      rows.get,
      at.set(bytes.get),
      whileLoop(i32.lt(at.get, stride.get), f32.store(here, f32.const(NOTHING)), next(at, i32.const(4))),
      most.set(f32x4.const(NOTHING)),
      along(most.set(f32x4.max(most.get, v128.load(here)))),
      shift.set(f32.mul(f32.max(f32.max(lane(0), lane(1)), f32.max(lane(2), lane(3))), scale.get)),
      sum.set(f32x4.const(0)),
      along(
        value.set(exp(f32x4.sub(f32x4.mul(v128.load(here), f32x4.splat(scale.get)), f32x4.splat(shift.get)))),
        v128.store(here, value.get),
        sum.set(f32x4.add(sum.get, value.get)),
      ),
      value.set(f32x4.splat(f32.div(f32.const(1), sumLanes(sum)))),
      along(v128.store(here, f32x4.mul(v128.load(here), value.get))),
      next(scores, stride.get),
      next(rows, i32.const(-1)),
    );
  });
  // softmaxBackward(p, dp, rows, bytes, stride, scale): dp becomes scale p (dp - Σ p dp), in place
  m.define('softmaxBackward', [I32, I32, I32, I32, I32, F32], (f, ...p) => {
    const [probabilities, d, rows, bytes, stride, scale] = p as [Local, Local, Local, Local, Local, Local];
    const [at, sum, mean] = [f.local(I32), f.local(V128), f.local(V128)];
    const here = (row: Local): Code => i32.add(row.get, at.get);
    const along = (...body: Code[]): Code => [at.set(i32.const(0)), whileLoop(i32.lt(at.get, bytes.get), ...body, next(at))];
    return whileLoop(
      rows.get,
      sum.set(f32x4.const(0)),
      along(sum.set(f32x4.madd(fused, v128.load(here(probabilities)), v128.load(here(d)), sum.get))),
      mean.set(f32x4.splat(sumLanes(sum))),
      along(v128.store(here(d), f32x4.mul(f32x4.mul(v128.load(here(probabilities)), f32x4.sub(v128.load(here(d)), mean.get)), f32x4.splat(scale.get)))),
      [probabilities, d].map((row) => next(row, stride.get)),
      next(rows, i32.const(-1)),
    );
  });
}
