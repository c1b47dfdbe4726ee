/** The profile deltas of one transaction: exactly the rows that went in, by adapter and its reference. */
import { divideBy, emptyProfile, encodeProfile, observeOutcome, observePrediction, seasonOf, type DividedRow, type Profile, type ReferenceBody } from '../profile/index.ts';
import { confidenceBin } from '../statistics/confidence-bins.ts';
import { insertDeltas, type OpenPane } from '../store/panes.ts';
import type { Queryable } from '../store/postgres.ts';
import { taskRules, tellingPart, type Labelling, type TaskRules } from '../tasks/index.ts';
import type { References } from '../store/reference-cache.ts';
import { newestReference } from '../store/references.ts';

/** What is counted for one adapter. */
export interface Delta {
  readonly adapter: string;
  readonly referenceId: string;
  readonly reference: ReferenceBody;
  readonly profile: Profile;
  /** As the reference was scored. */
  readonly rules: TaskRules;
}

/** Empty deltas for the adapters named; none for an adapter without a reference, since nothing can be measured against it. */
export async function openDeltas(db: Queryable, references: References, model: string, open: OpenPane, adapters: Iterable<string | null>): Promise<Map<string, Delta>> {
  const deltas = new Map<string, Delta>();
  for (const adapter of new Set(adapters)) {
    if (adapter === null) continue;
    const live = adapter === open.adapter && open.reference !== null ? { id: open.reference, supplement: open.supplement } : null;
    const at = live ?? (await newestReference(db, model, adapter));
    if (at === null) continue;
    const reference = await references(db, at);
    deltas.set(adapter, { adapter, referenceId: at.id, reference, profile: emptyProfile(reference), rules: taskRules(reference.scoring.task, reference.scoring.labelling as Labelling) });
  }
  return deltas;
}

/** What is counted for the adapter of a prediction; undefined when nothing is. */
export function deltaOf(deltas: ReadonlyMap<string, Delta>, prediction: { readonly adapter: string | null } | undefined): Delta | undefined {
  return prediction === undefined || prediction.adapter === null ? undefined : deltas.get(prediction.adapter);
}

/** A prediction, as far as it is counted. */
export interface Counted extends DividedRow {
  readonly id: string;
  readonly input: string;
  readonly label: string;
  readonly confidence: number | null;
}

/** Counts an answer. */
export function countAnswer({ profile, reference, rules }: Delta, row: Counted): void {
  observePrediction(profile, reference, {
    id: row.id,
    text: tellingPart(row.input),
    label: rules.labelsIn(row.label),
    confidence: row.confidence,
    malformed: rules.isMalformed(row.label, reference.scoring.metric),
    output: rules.answerField === 'output' ? row.label : null,
    features: row.features,
    ...(reference.divisions.length === 0 ? {} : { parts: divideBy(reference.divisions)(row), season: seasonOf(reference.divisions)?.(row) ?? null }),
  });
}

/** Counts what became known of an answer: its score, or the truth that it is scored against. */
export function countOutcome({ profile, reference, rules }: Delta, prediction: DividedRow & { readonly label: string; readonly confidence: number | null }, known: { readonly label: string | null; readonly score: number | null }): void {
  const score = known.score ?? (known.label === null ? null : rules.score(known.label, prediction.label, reference.scoring.metric));
  if (score === null) return;
  const calibrated = prediction.confidence === null ? null : (reference.calibrated?.[confidenceBin(prediction.confidence)] ?? null);
  observeOutcome(profile, score, reference.divisions.length === 0 ? [] : divideBy(reference.divisions)(prediction), calibrated);
}

/** Writes the deltas into the open pane. */
export async function writeDeltas(db: Queryable, model: string, open: OpenPane, deltas: ReadonlyMap<string, Delta>): Promise<void> {
  const rows = [...deltas.values()].map((d) => ({ adapter: d.adapter, reference: d.referenceId, profile: encodeProfile(d.profile) }));
  await insertDeltas(db, model, open.pane, rows);
}
