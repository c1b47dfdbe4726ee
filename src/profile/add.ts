/** Adding and taking away counts, exactly: all are integers within 2^53. */
import { TrimtabError } from '../errors.ts';

export type Sign = 1 | -1;

export function addFields<K extends string>(total: Record<K, number>, part: Record<K, number>, fields: readonly K[], sign: Sign): void {
  for (const field of fields) total[field] = added(total[field], part[field], sign);
}

export function addArrays(total: Float64Array, part: Float64Array, sign: Sign): void {
  for (let i = 0; i < total.length; i++) {
    const more = part[i] as number;
    if (more !== 0) total[i] = added(total[i] as number, more, sign);
  }
}

/** Adds sums, which may be below 0. */
export function addSums(total: Float64Array, part: Float64Array, sign: Sign): void {
  for (let i = 0; i < total.length; i++) {
    const more = part[i] as number;
    if (more === 0) continue;
    const sum = (total[i] as number) + sign * more;
    if (Math.abs(sum) > Number.MAX_SAFE_INTEGER) throw impossible(sum);
    // never -0, which would be another number to a test of equality
    total[i] = sum + 0;
  }
}

export function added(a: number, b: number, sign: Sign): number {
  const sum = a + sign * b;
  if (sum >= 0 && sum <= Number.MAX_SAFE_INTEGER) return sum;
  throw impossible(sum);
}

function impossible(sum: number): TrimtabError {
  return new TrimtabError('bad-data', { what: 'profile', problem: `a count would be ${sum}`, right: 'subtract only what was added, and keep counts below 2^53' });
}

/** @throws TrimtabError `bad-data` */
export function requireSameShape(what: string, same: boolean): void {
  if (!same) throw new TrimtabError('bad-data', { what: 'profile', problem: `the two profiles have different ${what}`, right: 'only profiles of one reference can be added' });
}
