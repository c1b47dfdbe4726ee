/** How much rows resemble their forerunners, and what that costs in evidence. */

/** More resemblance than this is a level that moves, which no divisor mends. */
export const MOST_PHI = 0.95;

/** Lag-1 autocorrelation of values in their order, 0 where they do not vary or are fewer than three. */
export function lagOne(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 3) return 0;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (values[i] as number) / n;
  let [product, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    const each = (values[i] as number) - mean;
    squares += each * each;
    if (i > 0) product += each * ((values[i - 1] as number) - mean);
  }
  return squares > 0 ? product / squares : 0;
}

/**
 * How many times fewer independent rows would say as much about the mean: (1 + phi) / (1 - phi) of a first-order
 * autoregression. At least 1: rows that alternate are not taken for more than they are; phi is held to `MOST_PHI`.
 */
export function evidenceDivisor(phi: number): number {
  const held = Math.min(MOST_PHI, Math.max(0, phi));
  return (1 + held) / (1 - held);
}
