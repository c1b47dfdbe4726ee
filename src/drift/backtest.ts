/** Stored panes played against another policy, by the monitors that are shipped: the same courses, detectors, effects and rule of causes. */
import { decodeProfile, merge } from '../profile/index.ts';
import { milliseconds, type ModelSpec } from '../spec.ts';
import { liveHistory, panesAfter, shortestPane, supplementTimes, type HistoryPane, type Stretch } from '../store/backtest.ts';
import type { Queryable } from '../store/postgres.ts';
import { createReferences } from '../store/reference-cache.ts';
import { lacksOf, paneThatCanBePlayed } from './lacks.ts';
import { watchedColumns } from './monitors.ts';
import { createPlay, type PlayedIncident } from './play.ts';
import type { PaneProfile } from './streams.ts';
import { watchingOf, type Live, type Watching } from './watching.ts';

export interface PlayedPane {
  readonly pane: number;
  readonly closedAt: Date;
  /** Of the adapter that was live. */
  readonly rows: number;
  /** Incidents whose monitors alarmed at its end. */
  readonly alarmed: readonly PlayedIncident[];
}

export interface PlayedHistory {
  readonly panes: readonly PlayedPane[];
  readonly incidents: readonly PlayedIncident[];
  /** What the policy asks for and the stored profiles do not hold: played without it, never guessed. */
  readonly lacks: readonly string[];
}

/** Panes read at once. */
const READ = 100;

/** Panes in order, a page at a time: memory holds what an explanation needs, not the history. */
export async function playHistory(db: Queryable, stretch: Stretch, spec: ModelSpec): Promise<PlayedHistory> {
  const lacks = new Set<string>();
  const panes: PlayedPane[] = [];
  const play = createPlay();
  const pane = paneThatCanBePlayed(spec.monitor.pane, await shortestPane(db, stretch), lacks);
  const moments = await livesOf(db, stretch.model, { ...spec, monitor: { ...spec.monitor, pane } }, lacks);
  let sum: Sum | null = null;
  for (let page = await panesAfter(db, stretch, -1, READ); page.length > 0; page = await panesAfter(db, stretch, page.at(-1)?.pane ?? 0, READ)) {
    for (const stored of page) {
      const live = await moments(stored.closedAt);
      if (live === null) continue;
      sum = joined(sum?.seq === live.seq ? sum : { openedAt: stored.openedAt, seq: live.seq, own: null }, stored, live);
      if (stored.closedAt.getTime() - sum.openedAt.getTime() < milliseconds(pane)) continue;
      const { own } = sum;
      sum = null;
      if (own === null) continue;
      const alarmed = play.take({ ...own, closedAt: stored.closedAt, seq: live.seq, watching: live.watching });
      panes.push({ pane: own.pane, closedAt: stored.closedAt, rows: own.profile.rows, alarmed });
    }
  }
  return { panes, incidents: play.incidents(), lacks: [...lacks] };
}

/** Stored panes that are one of the policy's, as far as they are read. */
interface Sum {
  readonly openedAt: Date;
  readonly seq: number;
  /** Of what is live; null: no rows yet. */
  readonly own: PaneProfile | null;
}

function joined(sum: Sum, { pane, profiles }: HistoryPane, live: Live): Sum {
  const found = profiles.find(({ adapter, reference }) => adapter === live.adapter && reference === live.reference);
  if (found === undefined) return sum;
  const profile = decodeProfile(found.profile, watchedColumns);
  return { ...sum, own: { pane, profile: sum.own === null ? profile : merge(sum.own.profile, profile) } };
}

interface LiveThen extends Live {
  readonly watching: readonly Watching[];
}

/** What was live when a pane closed, and what the policy would have watched it by: with all that the reference had learnt before. */
async function livesOf(db: Queryable, model: string, spec: ModelSpec, lacks: Set<string>): Promise<(closedAt: Date) => Promise<LiveThen | null>> {
  const references = createReferences();
  const lives = await liveHistory(db, model);
  const learnt = new Map<string, Awaited<ReturnType<typeof supplementTimes>>>();
  const watched = new Map<string, readonly Watching[]>();
  return async (closedAt) => {
    const live = lives.findLast(({ at }) => at <= closedAt);
    if (live === undefined) return null;
    const times = learnt.get(live.reference) ?? (await supplementTimes(db, live.reference));
    learnt.set(live.reference, times);
    // what is learnt when a pane closes holds from the next on
    const supplement = times.findLast(({ at }) => at < closedAt)?.seq ?? null;
    const key = `${live.reference} ${supplement}`;
    let watching = watched.get(key);
    if (watching === undefined) {
      const reference = await references(db, { id: live.reference, supplement });
      watched.set(key, (watching = watchingOf(reference, spec.monitor)));
      if (supplement === (times.at(-1)?.seq ?? null)) for (const lack of lacksOf(reference, spec)) lacks.add(lack);
    }
    return { ...live, watching };
  };
}
