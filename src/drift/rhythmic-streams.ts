/** Streams of columns and labels that alarmed, to be looked through for rhythms: an alarm of a column that goes by the hour is no news, and says that a season should be declared. */
import type { WantedColumns } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import type { Evidence } from './evidence.ts';
import type { Rhythmic } from './rhythm.ts';
import type { Watching } from './watching.ts';

type Alarmed = Pick<Evidence, 'monitor' | 'stream' | 'column'>;

/** The stream of each that spoke loudest; of error, confidence and unseen none, which are looked through in any case. */
export function rhythmicStreams(watching: readonly Watching[], alarmed: readonly Alarmed[]): Rhythmic[] {
  const streams = alarmed.flatMap(({ monitor, stream }) => {
    const found = watching.find((each) => each.monitor.id === monitor)?.monitor;
    return found === undefined || (found.column === null && found.kind !== 'labels') ? [] : found.streams.filter(({ name }) => name === stream).map((each) => ({ kind: found.kind, stream: each }));
  });
  return streams.map(({ kind, stream }) => ({
    of: kind === 'labels' ? `label ${stream.name}` : (stream.name ?? kind), tolerance: stream.tolerance,
    moments: (profile) => stream.moments(profile).reduce<Moments>((sum, each) => ({ n: sum.n + each.n, sum: sum.sum + each.sum, squares: sum.squares + each.squares }), { n: 0, sum: 0, squares: 0 }),
  }));
}

/** Their columns alone: all others of weeks of panes need not be read. */
export function columnsOf(alarmed: readonly Alarmed[]): WantedColumns {
  const wanted = new Set(alarmed.flatMap(({ column }) => column ?? []));
  return (name) => wanted.has(name);
}
