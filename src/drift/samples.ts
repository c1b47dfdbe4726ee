/** A few predictions that show a person what an incident is about. */
import { unseenShare, type ReferenceBody } from '../profile/index.ts';
import type { Queryable } from '../store/postgres.ts';
import { leastConfident, openedAt, predictedAs, recentTexts, wrongPredictions, type SampleScope } from '../store/samples.ts';
import type { Monitor } from './monitors.ts';

const SAMPLES = 10;

export interface SampleQuestion {
  readonly model: string;
  readonly adapter: string;
  /** The pane from which on the effect was found. */
  readonly fromPane: number;
  readonly stream: number;
}

export async function sampleIds(db: Queryable, monitor: Monitor, reference: ReferenceBody, { model, adapter, fromPane, stream }: SampleQuestion): Promise<string[]> {
  const scope: SampleScope = { model, adapter, since: (await openedAt(db, model, fromPane)) ?? new Date(0) };
  switch (monitor.kind) {
    case 'error':
      return wrongPredictions(db, scope, SAMPLES);
    case 'confidence':
      return leastConfident(db, scope, SAMPLES);
    case 'labels': {
      // streams beyond the counted labels are of rarer labels, then of labels that the reference does not have
      const counted = reference.profile.labels.counts.length;
      const known = stream < counted ? reference.labels[stream] : undefined;
      return predictedAs(db, scope, known ?? { noneOf: reference.labels.slice(0, stream === counted ? counted : undefined) }, SAMPLES);
    }
    case 'unseen': {
      const rows = (await recentTexts(db, scope)).map(({ id, input }) => ({ id, share: unseenShare(reference.vocabulary, input) }));
      return rows.filter((row) => row.share > 0).sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1)).slice(0, SAMPLES).map((row) => row.id);
    }
  }
}
