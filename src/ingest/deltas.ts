/** The profile deltas of one transaction: exactly the rows that went in, by adapter and its reference. */
import { emptyProfile, encodeProfile, observeOutcome, observePrediction, type Profile, type ReferenceBody } from '../profile/index.ts';
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
    const referenceId = adapter === open.adapter ? open.reference : await newestReference(db, model, adapter);
    if (referenceId === null) continue;
    const reference = await references(db, referenceId);
    deltas.set(adapter, { adapter, referenceId, reference, profile: emptyProfile(reference), rules: taskRules(reference.scoring.task, reference.scoring.labelling as Labelling) });
  }
  return deltas;
}

/** What is counted for the adapter of a prediction; undefined when nothing is. */
export function deltaOf(deltas: ReadonlyMap<string, Delta>, prediction: { readonly adapter: string | null } | undefined): Delta | undefined {
  return prediction === undefined || prediction.adapter === null ? undefined : deltas.get(prediction.adapter);
}

/** Counts an answer. */
export function countAnswer({ profile, reference, rules }: Delta, row: { readonly input: string; readonly label: string; readonly confidence: number | null }): void {
  const label = rules.labelsIn(row.label);
  observePrediction(profile, reference, { text: tellingPart(row.input), label, confidence: row.confidence, malformed: rules.isMalformed(row.label, reference.scoring.metric) });
}

/** Counts what became known of an answer: its score, or the truth that it is scored against. */
export function countOutcome({ profile, reference, rules }: Delta, answer: string, known: { readonly label: string | null; readonly score: number | null }): void {
  const score = known.score ?? (known.label === null ? null : rules.score(known.label, answer, reference.scoring.metric));
  if (score !== null) observeOutcome(profile, score);
}

/** Writes the deltas into the open pane. */
export async function writeDeltas(db: Queryable, model: string, open: OpenPane, deltas: ReadonlyMap<string, Delta>): Promise<void> {
  const rows = [...deltas.values()].map((d) => ({ adapter: d.adapter, reference: d.referenceId, profile: encodeProfile(d.profile) }));
  await insertDeltas(db, model, open.pane, rows);
}
