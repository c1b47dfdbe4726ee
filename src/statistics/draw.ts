/** Random counts from a uniform source: what permutations and bootstraps of binned samples need. Constant time each. */
import { logFactorial } from './gamma.ts';

/** A standard normal number. (Box and Muller 1958) */
export function drawNormal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Knuth's product of uniforms for a small mean, else Hoermann's transformed rejection PTRS (Insurance: Mathematics and Economics 12, 1993). */
export function drawPoisson(mean: number, uniform: () => number): number {
  if (mean < 10) {
    const limit = Math.exp(-mean);
    let product = uniform();
    let k = 0;
    for (; product > limit; k++) product *= uniform();
    return k;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const log = Math.log(mean);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
    if (!(k >= 0) || (us < 0.013 && v > us)) continue;
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= k * log - mean - logFactorial(k)) return k;
  }
}

/**
 * How many of `sample` draws without replacement are good. Ratio of uniforms: E. Stadlober, J. Comp. Appl. Math. 31 (1990),
 * algorithm HRUA*, with his constants.
 */
export function drawHypergeometric(good: number, bad: number, sample: number, uniform: () => number): number {
  const all = good + bad;
  if (good === 0 || sample === 0) return 0;
  if (bad === 0) return sample;
  if (sample === all) return good;
  const fewer = Math.min(good, bad);
  const drawn = Math.min(sample, all - sample);
  const hits = ratioOfUniforms(fewer, all - fewer, drawn, uniform);
  const ofGood = good > bad ? drawn - hits : hits;
  return drawn < sample ? good - ofGood : ofGood;
}

function ratioOfUniforms(fewer: number, more: number, drawn: number, uniform: () => number): number {
  const all = fewer + more;
  const share = fewer / all;
  const centre = drawn * share + 0.5;
  const deviation = Math.sqrt(((all - drawn) * drawn * share * (1 - share)) / (all - 1) + 0.5);
  const width = 1.7155277699214135 * deviation + 0.8989161620588988;
  const logChance = (k: number) => -logFactorial(k) - logFactorial(fewer - k) - logFactorial(drawn - k) - logFactorial(more - drawn + k);
  const top = logChance(Math.floor(((drawn + 1) * (fewer + 1)) / (all + 2)));
  const limit = Math.min(Math.min(drawn, fewer) + 1, Math.floor(centre + 16 * deviation));
  for (;;) {
    const x = uniform();
    const at = centre + (width * (uniform() - 0.5)) / x;
    if (!(at >= 0 && at < limit)) continue;
    const k = Math.floor(at);
    const t = logChance(k) - top;
    if (x * (4 - x) - 3 <= t) return k;
    if (x * (x - t) >= 1) continue;
    if (2 * Math.log(x) <= t) return k;
  }
}
