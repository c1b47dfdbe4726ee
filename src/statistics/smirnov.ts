/**
 * The limit law of the Cramer-von Mises statistic, that of sum Z_j^2 / (j pi)^2: its upper tail, with relative accuracy.
 * 1 - distribution function, as it is usually computed, has no digits below 1e-16.
 */

const NODES = 256;

/**
 * P(omega^2 > x) = 2/pi sum over k of (-1)^(k+1) times the integral of exp(-x t^2 / 2) / sqrt(t |sin t|) over
 * [(2k - 1) pi, 2k pi] (N. V. Smirnov 1937). The ends are square-root singular: Gauss-Chebyshev nodes take them exactly.
 */
export function smirnovOmegaUpper(x: number): number {
  // below, 1 - p is less than 1e-13
  if (x < 0.004) return 1;
  let sum = 0;
  for (let k = 1; k < 200; k++) {
    const part = integral(x, (2 * k - 1) * Math.PI);
    sum += k % 2 === 1 ? part : -part;
    if (part <= 1e-17 * Math.abs(sum)) break;
  }
  return Math.min(1, Math.max(0, (2 / Math.PI) * sum));
}

function integral(x: number, start: number): number {
  let sum = 0;
  for (let j = 0; j < NODES; j++) {
    const half = ((2 * j + 1) * Math.PI) / (4 * NODES);
    const [c, s] = [Math.cos(half), Math.sin(half)];
    // the distance from the start; pi - u is pi s^2
    const u = Math.PI * c * c;
    const sine = u < 1 ? Math.sin(u) : Math.sin(Math.PI * s * s);
    sum += Math.exp(-0.5 * x * (u * (2 * start + u))) * Math.PI * Math.sqrt((c * c * s * s) / (sine * (start + u)));
  }
  return Math.exp(-0.5 * x * start * start) * (Math.PI / NODES) * sum;
}
