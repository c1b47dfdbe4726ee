/**
 * What a reference learns from traffic. Exam rows that were imported have no features, and a spec may ask for other divisions than it
 * did at the promotion: columns and divisions that the reference lacks are learnt from the last rows of the live adapter, once, as soon
 * as there are enough of them, and are frozen then. They say how traffic was soon after the promotion, not how the exam was.
 */
import {
  decodeSupplement, divideBy, emptyProfile, encodeSupplement, FEWEST_OF_SEGMENTS, LABELS, learnColumns, observePrediction, seasonsOf, segmentDivisions, withColumns, type Column, type ColumnCounts, type Division,
  type ReferenceBody, type Supplement,
} from '../profile/index.ts';
import { partingOf, type ModelSpec } from '../spec.ts';
import { promotedAt } from '../store/drift.ts';
import { featureNames, recentPredictions, type RecentPrediction } from '../store/features.ts';
import type { Queryable } from '../store/postgres.ts';
import type { References } from '../store/reference-cache.ts';
import { getSupplement, insertSupplement, newestSupplement, type ReferenceAt } from '../store/references.ts';
import { openedAt } from '../store/samples.ts';
import { tellingPart } from '../tasks/index.ts';
import { rulesOfReference } from './monitors.ts';
import type { Live } from './watching.ts';

/** Rows that are learnt from, at most. */
const LEARNT_FROM = 2_000;
/** Rows of a pane that are asked for the names of their features. */
const ASKED = 64;

export interface LearningPane {
  readonly model: string;
  readonly spec: ModelSpec;
  readonly pane: number;
  readonly live: Live;
  readonly now: Date;
}

/** True when the reference of what is live learnt something. Call when a pane was closed. */
export async function learnFromTraffic(db: Queryable, references: References, at: LearningPane): Promise<boolean> {
  const { model, live } = at;
  const seq = await newestSupplement(db, live.reference);
  const reference = await references(db, { id: live.reference, supplement: seq });
  const since = await promotedAt(db, model, live.seq);
  const opened = await openedAt(db, model, at.pane);
  const names = await featureNames(db, model, live.adapter, opened !== null && opened > since ? opened : since, ASKED);
  const has = new Set(reference.columns.map(({ name }) => name));
  const wanted = partingOf(at.spec);
  const undivided = wanted.segments.filter((by) => !reference.divisions.some((each) => each.kind === 'segment' && each.by === by));
  // strata of two seasons would count each row twice: another season holds from the next promotion on
  const season = reference.divisions.some((each) => each.kind === 'season') ? null : wanted.season;
  if (names.every((name) => has.has(name)) && undivided.length === 0 && season === null && wanted.clusterKey === reference.clusterKey) return false;
  const rows = await recentPredictions(db, model, live.adapter, since, LEARNT_FROM);
  const { columns, counts } = learnColumns(rows, 'traffic', has);
  const divisions: Division[] = [...segmentDivisions(undivided, rows.map(dividedRow), FEWEST_OF_SEGMENTS), ...(season === null ? [] : [season])];
  if (columns.length === 0 && divisions.length === 0 && wanted.clusterKey === reference.clusterKey) return false;
  const whole = withColumns({ ...reference, divisions: [...reference.divisions, ...divisions] }, { columns, counts });
  const profile = { ...emptyProfile(reference), columns: new Map([...counts, ...seasonsLearnt(whole, season === null ? columns : whole.columns, season !== null, rows)]), parts: partsOf(reference, divisions, rows) };
  const learnt: Supplement = { columns, divisions, clusterKey: wanted.clusterKey, dependence: new Map(), panesLearnt: 0, profile };
  return addLearnt(db, { id: live.reference, supplement: seq }, learnt, at.now);
}

const dividedRow = ({ features, segment, at }: RecentPrediction) => ({ features, segment, at: at.getTime() });

/** What the rows count in each season: of a new one all columns and the labels, else of the new columns alone. */
function seasonsLearnt(whole: ReferenceBody, columns: readonly Column[], labels: boolean, rows: readonly RecentPrediction[]): [string, ColumnCounts][] {
  const rules = rulesOfReference(whole);
  const counted = seasonsOf({ ...whole, columns }, rows.map(({ id, features, label, at }) => ({ id, features, label: rules.labelsIn(label), at: at.getTime() })));
  return [...counted].filter(([key]) => labels || !key.endsWith(` ${LABELS}`));
}

/** What the rows count in the new parts. No outcome is among it: labels come later than the rows. */
function partsOf(reference: ReferenceBody, divisions: readonly Division[], rows: readonly RecentPrediction[]): Supplement['profile']['parts'] {
  const profile = emptyProfile(reference);
  const rules = rulesOfReference(reference);
  const bare = { ...reference, columns: [] };
  for (const row of rows) {
    observePrediction(profile, bare, {
      text: tellingPart(row.input), label: null, confidence: row.confidence, malformed: rules.isMalformed(row.label, reference.scoring.metric), parts: divideBy(divisions)(dividedRow(row)),
    });
  }
  return profile.parts;
}

/** Adds to what was learnt before; false when another replica was faster. */
export async function addLearnt(db: Queryable, { id, supplement }: ReferenceAt, learnt: Supplement, now: Date): Promise<boolean> {
  const before = supplement === null ? null : await getSupplement(db, { id, supplement });
  const whole = before === null ? learnt : joined(decodeSupplement(before), learnt);
  return insertSupplement(db, { id, supplement: (supplement ?? 0) + 1 }, encodeSupplement(whole), now);
}

/** The earlier one, and what was learnt since. */
function joined(a: Supplement, b: Supplement): Supplement {
  return {
    columns: [...a.columns, ...b.columns],
    divisions: [...a.divisions, ...b.divisions],
    clusterKey: b.clusterKey,
    dependence: new Map([...a.dependence, ...b.dependence]),
    panesLearnt: Math.max(a.panesLearnt, b.panesLearnt),
    profile: { ...a.profile, columns: new Map([...a.profile.columns, ...b.profile.columns]), parts: new Map([...a.profile.parts, ...b.profile.parts]) },
  };
}
