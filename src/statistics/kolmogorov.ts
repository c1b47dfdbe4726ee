/**
 * The law of the two-sample Kolmogorov-Smirnov statistic: in the limit, and exactly by counting lattice paths.
 */

/** P(sup |Brownian bridge| > t), with relative accuracy in the tail. (Kolmogorov 1933; below 1 by the theta function's other series.) */
export function kolmogorovUpper(t: number): number {
  if (t <= 0) return 1;
  if (t < 1) {
    let sum = 0;
    for (let k = 1; k < 20; k += 2) sum += Math.exp((-k * k * Math.PI * Math.PI) / (8 * t * t));
    return 1 - (Math.sqrt(2 * Math.PI) / t) * sum;
  }
  let sum = 0;
  for (let k = 5; k >= 1; k--) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * t * t);
  return sum;
}

/**
 * P(max |m i - n j| >= reach) over all orders of n reference and m current values, each as likely; i and j are how many
 * of each have come. `ends` are the sizes of the ties from below: paths are looked at only where a tie ends. Without it
 * no values are tied, which is conservative when they are.
 * Only positive numbers are added, so that the smallest chance keeps its digits. O(n m) time, O(n) memory.
 * (Hodges 1957; with ties Schroeer and Trenkler, CSDA 20, 1995.)
 */
export function smirnovUpper(n: number, m: number, reach: number, ends?: ArrayLike<number>): number {
  if (reach <= 0) return 1;
  // outside[i]: the chance that a path to (i, s - i) has been outside
  const outside = new Float64Array(n + 1);
  let [tie, end] = [0, ends?.[0] ?? 1];
  for (let s = 1; s <= n + m; s++) {
    const looked = s === end;
    if (looked) end += ends === undefined ? 1 : (ends[++tie] ?? 0);
    for (let i = Math.min(n, s); i >= Math.max(0, s - m); i--) {
      if (looked && Math.abs(m * i - n * (s - i)) >= reach) outside[i] = 1;
      else outside[i] = (i === 0 ? 0 : (i / s) * (outside[i - 1] as number)) + (i === s ? 0 : ((s - i) / s) * (outside[i] as number));
    }
  }
  return Math.min(1, outside[n] as number);
}
