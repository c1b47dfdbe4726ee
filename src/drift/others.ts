/**
 * What the detectors of other tools would have said of the stored outcomes, with the defaults of river, so that they can be compared with a policy.
 * Each reads the outcomes of the live adapter in the order of their predictions, as if every label had come at once, which is kind to it, and
 * begins anew with each promotion. None promises anything.
 */
import * as detectors from '../statistics/detectors/index.ts';
import type { Detector } from '../statistics/detectors/index.ts';
import { liveHistory, outcomesAfter, type HistoryOutcome, type Stretch } from '../store/backtest.ts';
import type { Queryable } from '../store/postgres.ts';

export interface OtherDetector {
  readonly detector: string;
  readonly promise: Detector<object>['promise'];
  /** Null: it reads errors of 0 or 1 alone, and scores between them came. */
  readonly alarms: number | null;
  /** Of each change: labelled rows of predictions after it, up to the first alarm; null: none came. */
  readonly rowsUntilDetection: readonly (number | null)[];
}

export interface Others {
  /** Labelled rows that each of them read. */
  readonly rows: number;
  readonly detectors: readonly OtherDetector[];
}

/** Outcomes read at once. */
const READ = 5_000;
const ALL = Object.values(detectors) as unknown as readonly Detector<object>[];

export async function playOthers(db: Queryable, stretch: Stretch, changes: readonly Date[]): Promise<Others> {
  const lives = await liveHistory(db, stretch.model);
  const since = changes.map(() => 0);
  const heard = ALL.map(listener);
  let [rows, seq] = [0, -1];
  for (let page = await outcomesAfter(db, stretch, null, READ); page.length > 0; page = await outcomesAfter(db, stretch, page.at(-1) ?? null, READ)) {
    for (const outcome of page) {
      const live = lives.findLast(({ at }) => at <= outcome.predictedAt);
      if (live === undefined || live.adapter !== outcome.adapter) continue;
      if (live.seq !== seq) for (const each of heard) each.beginAnew();
      seq = live.seq;
      rows++;
      changes.forEach((change, i) => (since[i] = (since[i] ?? 0) + Number(outcome.predictedAt > change)));
      for (const each of heard) each.read(outcome, since);
    }
  }
  return { rows, detectors: heard.map(({ said }) => said(changes.length)) };
}

interface Listener {
  beginAnew(): void;
  /** `since`: of each change, the rows after it, this one included. */
  read(outcome: HistoryOutcome, since: readonly number[]): void;
  said(changes: number): OtherDetector;
}

function listener(detector: Detector<object>): Listener {
  let step = detector.start();
  let [alarms, fits] = [0, true];
  const firsts: (number | undefined)[] = [];
  return {
    beginAnew: () => void (step = detector.start()),
    read({ score }, since) {
      fits &&= detector.reads === 'values' || score === 0 || score === 1;
      if (!fits || step(1 - score) !== 'drift') return;
      alarms++;
      since.forEach((rows, i) => rows > 0 && (firsts[i] ??= rows));
    },
    said: (changes) => ({
      detector: detector.name, promise: detector.promise, alarms: fits ? alarms : null,
      rowsUntilDetection: Array.from({ length: changes }, (_, i) => (fits ? firsts[i] ?? null : null)),
    }),
  };
}
