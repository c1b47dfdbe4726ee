/**
 * What a reference learns from the closed panes after a promotion: how much the rows of each stream depend on each other, and columns and labels in those strata of a declared
 * season that have too few rows. Looked for a few times, each time in twice as
 * many panes, since it reads them all; what was found once is frozen, as the reference is. After that only strata that still have too few rows
 * are filled, from the panes since: a season may be declared late.
 */
import { decodeProfile, emptyProfile } from '../profile/index.ts';
import { panePage, panesSince, promotedAt } from '../store/drift.ts';
import type { Queryable } from '../store/postgres.ts';
import type { References } from '../store/reference-cache.ts';
import { newestSupplement } from '../store/references.ts';
import { createEstimates } from './dependence.ts';
import { monitorsFor, watchedColumns } from './monitors.ts';
import { createFill, hasShortStrata } from './seasons.ts';
import { addLearnt, type LearningPane } from './supplement.ts';

/** Panes with rows of the first look at all of them and of the last: with panes of five minutes a day, and a week. */
export const FIRST_LOOK = 256;
export const LAST_LOOK = 2_048;
/** Panes read at once. */
const READ = 16;

/** True when panes were looked at. Call when a pane was closed. */
export async function learnFromPanes(db: Queryable, references: References, { model, spec, live, now }: LearningPane): Promise<boolean> {
  const supplement = await newestSupplement(db, live.reference);
  const at = { id: live.reference, supplement };
  const reference = await references(db, at);
  const { panesLearnt } = reference;
  const doubled = Math.max(FIRST_LOOK, 2 * panesLearnt);
  const all = doubled <= LAST_LOOK;
  if (!all && !hasShortStrata(reference)) return false;
  const due = all ? doubled : panesLearnt + LAST_LOOK;
  const { count, first } = await panesSince(db, model, live.adapter, live.reference, await promotedAt(db, model, live.seq));
  if (count < due) return false;
  const estimates = createEstimates(reference, all ? monitorsFor(reference, spec.monitor) : []);
  // a page at a time: a thousand columns of so many panes are more than fits into memory, and other work comes in between
  let seen = all ? 0 : panesLearnt;
  let page = await panePage(db, model, live.adapter, live.reference, first - 1, READ, seen);
  const fill = createFill(reference);
  for (; page.length > 0; page = await panePage(db, model, live.adapter, live.reference, page.at(-1)?.pane ?? 0, READ)) {
    for (const { profile: bytes } of page) {
      const profile = decodeProfile(bytes, watchedColumns);
      estimates.take(profile);
      // those of earlier looks are in it already
      if (seen++ >= panesLearnt) fill.take(profile);
    }
  }
  return addLearnt(db, at, { columns: [], divisions: [], clusterKey: reference.clusterKey, dependence: estimates.found(), panesLearnt: seen, profile: { ...emptyProfile(reference), columns: fill.filled() } }, now);
}
