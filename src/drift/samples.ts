/** A few predictions that show a person what an incident is about. */
import { unseenShare, type ReferenceBody } from '../profile/index.ts';
import { confidenceBin } from '../statistics/confidence-bins.ts';
import type { Queryable } from '../store/postgres.ts';
import { judgedPredictions, leastConfident, openedAt, recentAnswers, type RecentAnswer, type SampleScope } from '../store/samples.ts';
import { tellingPart } from '../tasks/index.ts';
import { rulesOfReference, type Monitor } from './monitors.ts';
import type { Stream } from './streams.ts';

const SAMPLES = 10;

export interface SampleQuestion {
  readonly model: string;
  readonly adapter: string;
  /** The pane from which on the effect was found. */
  readonly fromPane: number;
  readonly stream: Stream;
}

export async function sampleIds(db: Queryable, monitor: Monitor, reference: ReferenceBody, { model, adapter, fromPane, stream }: SampleQuestion): Promise<string[]> {
  const scope: SampleScope = { model, adapter, since: (await openedAt(db, model, fromPane)) ?? new Date(0) };
  const rules = rulesOfReference(reference);
  const { metric } = reference.scoring;
  const worth = ({ answer, label, score }: { answer: string; label: string | null; score: number | null }) => score ?? (label === null ? 1 : rules.score(label, answer, metric));
  switch (monitor.kind) {
    case 'error':
      return firstIds((await judgedPredictions(db, scope)).filter((row) => worth(row) < 1));
    case 'calibration': {
      // too much: sure and wrong; too little: unsure and right
      const sign = stream.name === monitor.streams[0]?.name ? 1 : -1;
      const gaps = (await judgedPredictions(db, scope)).flatMap((row) => {
        const expected = row.confidence === null ? null : (reference.calibrated?.[confidenceBin(row.confidence)]?.expected ?? null);
        return expected === null ? [] : [{ id: row.id, gap: sign * (expected - worth(row)) }];
      });
      return firstIds(gaps.filter(({ gap }) => gap > 0).sort((a, b) => b.gap - a.gap || (a.id < b.id ? -1 : 1)));
    }
    case 'confidence':
      return leastConfident(db, scope, SAMPLES);
    case 'labels': {
      const asked = stream.matches ?? (() => false);
      return firstIds((await recentAnswers(db, scope)).filter(({ answer }) => rules.labelsIn(answer)?.some(asked)));
    }
    case 'unseen': {
      const rows = (await recentAnswers(db, scope)).map(({ id, input }) => ({ id, share: unseenShare(reference.vocabulary, tellingPart(input)) }));
      return firstIds(rows.filter((row) => row.share > 0).sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1)));
    }
    // of features: the newest rows show what comes in now
    case 'column':
    case 'contract':
      return firstIds(await recentAnswers(db, scope));
    case 'format':
      return firstIds((await recentAnswers(db, scope)).filter(({ answer }) => rules.isMalformed(answer, metric) === true));
  }
}

const firstIds = (rows: readonly Pick<RecentAnswer, 'id'>[]) => rows.slice(0, SAMPLES).map((row) => row.id);
