/**
 * The sign-flip test for paired scores: under the null that the differences are symmetric about 0, every pattern of
 * signs is as likely. One-sided for a positive mean. Exact for up to 16 differences other than 0, else by chance with
 * p = (b + 1) / (B + 1), which keeps its level for every B (Phipson & Smyth 2010).
 * For 0/1 scores use McNemar's test, which is this one in closed form.
 */
import { seededUniform } from './random.ts';

const EXACT_UP_TO = 16;

export interface SignFlip {
  readonly p: number;
  readonly mean: number;
  /** Whether all patterns of signs were counted. */
  readonly exact: boolean;
}

/** `differences`: challenger minus champion, a row each, in [-1, 1]. */
export function signFlip(differences: readonly number[], options: { seed: number; rounds?: number }): SignFlip {
  const sum = differences.reduce((a, d) => a + d, 0);
  const mean = differences.length === 0 ? 0 : sum / differences.length;
  const moving = differences.filter((d) => d !== 0);
  // A pattern that ties with what was observed must count as reached although its sum was rounded otherwise.
  const reach = sum - 1e-12 * moving.reduce((a, d) => a + Math.abs(d), 0);
  if (moving.length <= EXACT_UP_TO) return { p: allPatterns(moving, reach), mean, exact: true };
  const rounds = options.rounds ?? 9_999;
  const uniform = seededUniform(options.seed);
  let reached = 0;
  for (let round = 0; round < rounds; round += 1) {
    let flipped = 0;
    for (const d of moving) flipped += uniform() < 0.5 ? d : -d;
    if (flipped >= reach) reached += 1;
  }
  return { p: (reached + 1) / (rounds + 1), mean, exact: false };
}

function allPatterns(moving: readonly number[], reach: number): number {
  const patterns = 2 ** moving.length;
  let reached = 0;
  for (let pattern = 0; pattern < patterns; pattern += 1) {
    let flipped = 0;
    for (const [i, d] of moving.entries()) flipped += (pattern >>> i) & 1 ? -d : d;
    if (flipped >= reach) reached += 1;
  }
  return reached / patterns;
}
