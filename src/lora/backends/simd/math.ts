/** Functions of four numbers at a time, and loops over rows. Row widths and counts are multiples of 4, or padded to it. */
import type { Code, FunctionBuilder, Local } from './assembler.ts';
import { I32, V128, f32x4, i32, i32x4, v128, whileLoop } from './assembler.ts';

const four = i32.const(16);
/** Moves a pointer on: by a vector, or by so many bytes. */
export const next = (pointer: Local, by: Code = four): Code => pointer.set(i32.add(pointer.get, by));

/** c0 + c1 x + c2 x² ..., by Horner. */
const polynomial = (fused: boolean, x: Code, coefficients: readonly number[]): Code =>
  coefficients.reduceRight<Code | null>((sum, c) => (sum === null ? f32x4.const(c) : f32x4.madd(fused, sum, x, f32x4.const(c))), null)!;

/** exp to 2 units in the last place: 2^n by its bits, the rest by Taylor's series to the sixth power. Arguments are held in ±87. */
export function exponential(f: FunctionBuilder, fused: boolean): (x: Code) => Code {
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
export function normalCdf(f: FunctionBuilder, fused: boolean): (x: Code) => Code {
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

/** 1 / (1 + e^-x) */
export function logistic(f: FunctionBuilder, fused: boolean): (x: Code) => Code {
  const exp = exponential(f, fused);
  return (x) => f32x4.div(f32x4.const(1), f32x4.add(f32x4.const(1), exp(f32x4.sub(f32x4.const(0), x))));
}

/** Visits `bytes` of memory, 16 at a time; the pointers move on. */
export function each(f: FunctionBuilder, bytes: Code, pointers: readonly Local[], ...body: Code[]): Code {
  const left = f.local(I32);
  return [left.set(bytes), whileLoop(left.get, ...body, pointers.map((pointer) => next(pointer)), left.set(i32.sub(left.get, four)))];
}


/** Visits a row from `at` 0 on, `bytes` long, 16 at a time. */
export const along = (at: Local, bytes: Code, ...body: Code[]): Code => [at.set(i32.const(0)), whileLoop(i32.lt(at.get, bytes), ...body, next(at))];
