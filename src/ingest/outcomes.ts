/**
 * What feedback makes known of predictions. The rule: the first feedback of a prediction feeds the monitors, the last stands in
 * reports and datasets; the same said again is a duplicate; another truth, or another score where a truth is not told on both
 * sides, contradicts what stood and is counted.
 */
import { sha256 } from '../canonical.ts';
import { lockOutcomes, saveOutcomes, type Outcome, type Standing } from '../store/outcomes.ts';
import type { Queryable } from '../store/postgres.ts';
import type { TaskRules } from '../tasks/index.ts';
import { compare } from './write.ts';

/** One feedback: the canonical truth, or a score. */
export interface Told {
  readonly predictionId: string;
  readonly label: string | null;
  readonly score: number | null;
}

/** The prediction that it speaks of. */
export interface Judged {
  readonly label: string;
  readonly adapter: string | null;
  readonly segment: string | null;
  readonly confidence: number | null;
  readonly receivedAt: Date;
}

export interface OutcomeParts {
  readonly rules: TaskRules;
  /** By what an adapter's answers are scored; undefined: by the task's first metric. */
  readonly metricOf: (adapter: string | null) => string | undefined;
}

/** Digest of what a feedback says. */
function saying({ label, score }: Told): string {
  return label === null ? `score ${score}` : `truth ${sha256(label)}`;
}

const isTruth = (said: string) => said.startsWith('truth ');

/** What stands after one more feedback, which is worth `score`. */
export function tell(before: Standing | undefined, told: Told, score: number, metric: string): Standing {
  const said = saying(told);
  if (before === undefined) return { metric, firstScore: score, score, said, repeats: 0, contradictions: 0 };
  if (before.said === said) return { ...before, repeats: before.repeats + 1 };
  const contradicts = (isTruth(before.said) && isTruth(said)) || before.score !== score;
  return { ...before, score, said, contradictions: before.contradictions + Number(contradicts) };
}

/** Writes what feedback says, in order of arrival; returns those that only said again what stood. */
export async function writeOutcomes(db: Queryable, model: string, { rules, metricOf }: OutcomeParts, feedback: readonly Told[], predictions: ReadonlyMap<string, Judged>, now: Date): Promise<ReadonlySet<Told>> {
  const known = feedback.filter((told) => predictions.has(told.predictionId));
  const ids = [...new Set(known.map((told) => told.predictionId))].sort(compare);
  if (ids.length === 0) return new Set();
  const standing = await lockOutcomes(db, model, ids);
  const repeats = new Set<Told>();
  for (const told of known) {
    const prediction = predictions.get(told.predictionId) as Judged;
    const before = standing.get(told.predictionId);
    const metric = before?.metric ?? metricOf(prediction.adapter) ?? (rules.metrics[0] as string);
    const after = tell(before, told, told.score ?? rules.score(told.label as string, prediction.label, metric), metric);
    if (after.repeats > (before?.repeats ?? 0)) repeats.add(told);
    standing.set(told.predictionId, after);
  }
  await saveOutcomes(db, model, ids.map((id) => outcomeOf(id, predictions.get(id) as Judged, standing.get(id) as Standing, now)));
  return repeats;
}

function outcomeOf(predictionId: string, { receivedAt, adapter, segment, confidence }: Judged, standing: Standing, now: Date): Outcome {
  return { ...standing, predictionId, predictedAt: receivedAt, arrivedAt: now < receivedAt ? receivedAt : now, adapter, segment, confidence };
}
