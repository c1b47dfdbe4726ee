/** The ceiling: what a model would answer that was trained, by the same training part, on all rows that came before. */
import { setTimeout as wait } from 'node:timers/promises';
import { TrimtabError } from '../../errors.ts';
import type { ModelSpec } from '../../spec.ts';
import { putLines, type ObjectStore } from '../../store/objects/index.ts';
import type { Training } from '../../training/index.ts';
import type { TrainRow } from '../../training/job.ts';
import type { ReplayRow } from './rows.ts';
import type { Scoring } from './scoring.ts';

export interface CeilingParts {
  readonly training: Training;
  readonly objects: ObjectStore;
  readonly spec: ModelSpec;
  readonly scoring: Scoring;
  /** Folder of the base model. */
  readonly base: string;
  readonly seed: number;
  readonly workers: number;
}

const POLL_MS = 200;

/** Trains on `before` and answers `asked`: the canonical answer to each, in order. `id` names the job. */
export async function ceilingAnswers(parts: CeilingParts, id: string, before: readonly ReplayRow[], asked: readonly ReplayRow[]): Promise<string[]> {
  const { training, objects, spec, scoring } = parts;
  const lines = (rows: readonly TrainRow[]) => putLines(objects, rows.map(({ id: row, text, label }) => ({ id: row, text, label })));
  const handle = await training.launch({
    id,
    kind: 'train',
    model: spec.name,
    spec,
    base: parts.base,
    labels: [...new Set(before.flatMap((row) => scoring.rules.labelsIn(row.label) ?? []))].sort(),
    train: await lines(before),
    exam: await lines([...asked, ...otherDocuments(scoring, asked)]),
    seed: parts.seed,
    workers: parts.workers,
  });
  // real time, although the replay's is virtual: a child process computes
  for (;;) {
    const status = await training.poll(handle);
    if (status.state === 'done') break;
    if (status.state !== 'running') throw new TrimtabError('job-failed', { job: id, problem: JSON.stringify(status) });
    await wait(POLL_MS);
  }
  const { predictions } = await training.results(handle);
  const answers = new Map(predictions.map((prediction) => [prediction.id, prediction.label]));
  return asked.map((row) => answers.get(row.id) ?? '');
}

/** A job searches the documents of its exam: rows that bring the others in, or the ceiling would choose among fewer than the loop. */
function otherDocuments({ documents = [] }: Scoring, asked: readonly ReplayRow[]): TrainRow[] {
  const there = new Set(asked.map((row) => row.label));
  return documents.filter((document) => !there.has(document)).map((document, i) => ({ id: `document-${i}`, text: document, label: document }));
}
