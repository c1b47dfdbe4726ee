/**
 * How far the mean loss may rise and still be on course, where a policy leaves it to the reference: a tenth of the reference's own mean, so that a
 * model that is rarely wrong is not allowed to be wrong twice as often. At least a quarter of a point, since a reference without a single
 * error would else allow nothing, and at most two points. Chosen by the delays in bench/drift.md: a fixed two points never see 0.02 become 0.04.
 */
import type { ReferenceBody } from '../profile/index.ts';
import type { ModelSpec } from '../spec.ts';
import { lossOf } from './streams.ts';

export interface ToleranceRule {
  /** The reference's mean is divided by them. */
  readonly parts: number;
  readonly least: number;
  readonly most: number;
}

export const AUTO: ToleranceRule = { parts: 10, least: 0.0025, most: 0.02 };

export function toleratedRise({ parts, least, most }: ToleranceRule, mean: number): number {
  return Math.min(most, Math.max(least, mean / parts));
}

type Given = ModelSpec['monitor']['tolerance'];

/** The tolerances of a policy as they hold for a reference; of one without outcomes the least. */
export function tolerancesFor({ profile }: Pick<ReferenceBody, 'profile'>, tolerance: Given): Omit<Given, 'error'> & { readonly error: number } {
  const { n, sum } = lossOf(profile);
  return { ...tolerance, error: tolerance.error === 'auto' ? toleratedRise(AUTO, n === 0 ? 0 : sum / n) : tolerance.error };
}
