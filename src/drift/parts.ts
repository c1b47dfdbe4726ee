/** The parts of a profile, told apart by their names: seasons are strata of the whole, all others are segments. */
const SEASON = /^(?:hourOfDay|dayOfWeek|hourOfWeek)=([0-9]{1,3})$/;

/** Stratum of a season's part; null of a segment. */
export function seasonOf(part: string): number | null {
  const season = SEASON.exec(part)?.[1];
  return season === undefined ? null : Number(season);
}

/** What a segment's part is called; null of a season. */
export const segmentOf = (part: string): string | null => (seasonOf(part) === null ? part : null);
