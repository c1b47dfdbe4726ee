/** Decoded references by id and supplement: they never change, and decoding one costs more than a batch of rows or the closing of a pane. */
import { TrimtabError } from '../errors.ts';
import { decodeReference, decodeSupplement, UNIT, withCalibration, withSupplement, type ReferenceBody } from '../profile/index.ts';
import type { Queryable } from './postgres.ts';
import { calibrationGaps } from '../statistics/calibration-gaps.ts';
import type { ScoredBin } from '../statistics/confidence-bins.ts';
import { calibrationOf } from './performance.ts';
import { getReference, getSupplement, newestSupplement, type ReferenceAt } from './references.ts';

/** A reference with a supplement; of a bare id with the newest, which costs a query. */
export type References = (db: Queryable, at: string | ReferenceAt) => Promise<ReferenceBody>;

const KEPT = 16;

/** Throws `not-found`. */
export function createReferences(): References {
  const kept = new Map<string, ReferenceBody>();
  return async (db, asked) => {
    const at = typeof asked === 'string' ? { id: asked, supplement: await newestSupplement(db, asked) } : asked;
    const key = `${at.id} ${at.supplement}`;
    const there = kept.get(key);
    if (there !== undefined) return there;
    const body = await read(db, at);
    const [oldest] = kept.keys();
    if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(key, body);
    return body;
  };
}

async function read(db: Queryable, at: ReferenceAt): Promise<ReferenceBody> {
  const stored = await getReference(db, at.id);
  if (stored === null) throw new TrimtabError('not-found', { what: 'reference', id: at.id });
  const body = calibrated(decodeReference(stored.body), (await calibrationOf(db, at.id))?.bins ?? []);
  if (at.supplement === null) return body;
  const supplement = await getSupplement(db, at);
  if (supplement === null) throw new TrimtabError('not-found', { what: 'supplement of reference', id: at.id });
  return withSupplement(body, decodeSupplement(supplement));
}

/** With what its confidences are worth, by its exam rows in bins of confidence; as it is where none of them has one. */
export function calibrated(body: ReferenceBody, bins: readonly ScoredBin[]): ReferenceBody {
  const gaps = calibrationGaps(bins);
  if (gaps === null) return body;
  const own = gaps.own.map(({ n, expected, sum, squares }, group) => [String(group), { labelled: n, expected: Math.round(expected * UNIT), sum: Math.round(sum * UNIT), squares: Math.round(squares * UNIT) }] as const);
  return withCalibration(body, gaps.bins.map((bin) => (bin === null ? null : { expected: bin.expected, group: String(bin.group) })), new Map(own.filter(([, { labelled }]) => labelled > 0)));
}
