/** Which columns and which parts of the traffic a change is in: what rose most since, beyond what is on course. */
import type { Course } from './course.ts';
import { findEffect, topStreams, type Effect } from './effect.ts';
import type { PaneProfile } from './streams.ts';
import type { Watching } from './watching.ts';

export interface MovedColumn extends Pick<Effect, 'stream' | 'mean' | 'referenceMean' | 'effect' | 'interval' | 'tolerance' | 'proven'> {
  readonly column: string;
  readonly monitor: string;
}

export interface MovedSegment {
  readonly monitor: string;
  readonly segment: string;
  readonly share: number;
  readonly referenceShare: number;
}

const TOP = 5;

interface Loudest {
  readonly watching: Watching & { readonly courses: readonly Course[] };
  readonly rise: number;
}

/** Those that rose by more than their tolerance; one entry a column. */
export function columnsThatMoved(watching: readonly Watching[], since: readonly PaneProfile[]): MovedColumn[] {
  const loudest = new Map<string, Loudest>();
  for (const each of watching) {
    const { column } = each.monitor;
    if (column === null || each.courses === null) continue;
    // shares are cheap where evidence is not: there may be thousands of columns
    const [top] = topStreams(each.courses, since);
    const tolerance = each.courses.find(({ stream }) => stream.name === top?.label)?.stream.tolerance ?? 0;
    const rise = top === undefined ? 0 : top.share - top.referenceShare - tolerance;
    if (rise > (loudest.get(column)?.rise ?? 0)) loudest.set(column, { watching: { ...each, courses: each.courses }, rise });
  }
  return [...loudest].sort(([, a], [, b]) => b.rise - a.rise).slice(0, TOP).flatMap(([column, { watching: { courses, monitor, threshold } }]) => {
    const found = findEffect(courses, since, { threshold });
    if (found === null) return [];
    const { stream, mean, referenceMean, effect, interval, tolerance, proven } = found.effect;
    return [{ column, monitor: monitor.id, stream, mean, referenceMean, effect, interval, tolerance, proven }];
  });
}

/** The parts of the traffic in which what is watched rose most. */
export function segmentsThatMoved(watching: readonly Watching[], since: readonly PaneProfile[]): MovedSegment[] {
  return watching
    .flatMap(({ courses, monitor }) => topStreams((courses ?? []).filter(({ stream }) => stream.segment !== null), since).map(({ segment, share, referenceShare }) => ({ monitor: monitor.id, segment: segment ?? '', share, referenceShare })))
    .filter(({ share, referenceShare }) => share > referenceShare)
    .sort((a, b) => b.share - b.referenceShare - (a.share - a.referenceShare))
    .slice(0, TOP);
}
