/**
 * A Brownian bridge looked at at a few times only: the limit of the two-sample Kolmogorov-Smirnov statistic when rows are
 * counted in a few cells. Kolmogorov's law, which looks always, then halves the level of a test and loses its power.
 */
import { kolmogorovUpper } from './kolmogorov.ts';
import { normalCdf } from './normal.ts';

const NODES = 96;
/** Steps shorter than this share of the band are looked past: nodes could not resolve them. */
const LEAST_STEP = 0.05;
/** Beyond, the chances of the single looks are added up: their sum is no less, and hardly more, than the chance of any. */
const FAR = 3;

/**
 * P(max |B(t)| >= reach) over the ascending times, inside (0, 1). (1 + s) B(s / (1 + s)) is a Brownian motion in s; its
 * density inside the band is carried from time to time on Gauss-Legendre nodes, and what leaves is added up: positive
 * numbers only, so that small chances keep their digits.
 */
export function bridgeUpper(times: readonly number[], reach: number): number {
  if (reach > FAR) return Math.min(kolmogorovUpper(reach), times.reduce((sum, t) => sum + 2 * normalCdf(-reach / Math.sqrt(t * (1 - t))), 0));
  const { nodes, weights } = gaussLegendre();
  let outside = 0;
  let from = { s: 0, at: [0], mass: [1] };
  for (const t of times) {
    const s = t / (1 - t);
    const deviation = Math.sqrt(s - from.s);
    const band = reach * (1 + s);
    if (!(deviation > LEAST_STEP * band) && from.s > 0) continue;
    outside += from.at.reduce((sum, w, i) => sum + (from.mass[i] as number) * (normalCdf((w - band) / deviation) + normalCdf((-w - band) / deviation)), 0);
    const at = nodes.map((x) => band * x);
    const mass = at.map((y, j) => {
      let density = 0;
      for (let i = 0; i < from.at.length; i++) density += (from.mass[i] as number) * Math.exp(-0.5 * ((y - (from.at[i] as number)) / deviation) ** 2);
      return (density * band * (weights[j] as number)) / (deviation * Math.sqrt(2 * Math.PI));
    });
    from = { s, at, mass };
  }
  return Math.min(1, outside);
}

let made: { nodes: number[]; weights: number[] } | undefined;

/** Nodes and weights on [-1, 1]: Newton's method on the Legendre polynomial. */
function gaussLegendre(): { nodes: number[]; weights: number[] } {
  if (made !== undefined) return made;
  const [nodes, weights]: [number[], number[]] = [[], []];
  for (let i = 0; i < NODES; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (NODES + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [last, value] = [1, x];
      for (let k = 2; k <= NODES; k++) [last, value] = [value, ((2 * k - 1) * x * value - (k - 1) * last) / k];
      slope = (NODES * (x * value - last)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  made = { nodes, weights };
  return made;
}
