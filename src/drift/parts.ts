/** The parts of a reference that monitors watch: segments by themselves, seasons as strata of the whole. */
import { partName, type ReferenceBody } from '../profile/index.ts';
import type { SeasonKey } from '../vocabulary.ts';

const STRATA: Readonly<Record<SeasonKey, number>> = { hourOfDay: 24, dayOfWeek: 7, hourOfWeek: 168 };

/** Names of the parts by segment, each in the order of its division; the last of a division is of all other values. */
export function segmentParts({ divisions }: ReferenceBody): string[] {
  return divisions.flatMap((division) => (division.kind === 'segment' ? [...division.values.map((value) => partName(division.by, value)), partName(division.by, null)] : []));
}

/** Stratum of each part by season, by the season that was declared last; null where none is. */
export function seasonParts({ divisions }: ReferenceBody): ReadonlyMap<string, number> | null {
  const season = divisions.findLast((division) => division.kind === 'season');
  return season === undefined ? null : new Map(Array.from({ length: STRATA[season.by] }, (_, k) => [partName(season.by, k), k]));
}
