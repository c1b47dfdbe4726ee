/** What an alarm's promise rests on, as far as the traffic before the change shows it, and what the alarm itself can be doubted by. */
import type { ReferenceBody } from '../profile/index.ts';
import { milliseconds, type ModelSpec } from '../spec.ts';
import { DAY, SECOND } from '../vocabulary.ts';
import type { StreamDependence } from './dependence.ts';
import { paneAutocorrelation, rhythmsOf, type Rhythm, type Rhythmic, type TimedPane } from './rhythm.ts';
import type { PaneProfile } from './streams.ts';
import { tolerancesFor } from './tolerance.ts';

export interface IncidentAssumptions {
  /** Lag-1 autocorrelation of the error of panes before the change, and what chance alone gives; null of fewer than 20 panes with outcomes. It is of panes, where `dependence` is of rows. */
  readonly autocorrelation: { readonly value: number; readonly noise: number } | null;
  /** Of rows with the ones before them, as the alarm took them: declared, estimated, or as they come. Missing in what was assessed before it was estimated. */
  readonly dependence?: StreamDependence;
  /** Days since the reference was made. */
  readonly referenceAge: number;
  /** Of the panes since the change: rows, outcomes that came, and how many seconds these took (median, 95 % of them); null when none came. */
  readonly labels: { readonly rows: number; readonly labelled: number; readonly delays: { readonly n: number; readonly median: number; readonly most: number } | null };
  /** Periodicity before the change that no season declares. */
  readonly rhythms: readonly Rhythm[];
  /** Which of them do not hold, in words; empty: none that shows. */
  readonly doubts: readonly string[];
}

export interface Checked {
  readonly reference: Pick<ReferenceBody, 'createdAt' | 'profile'>;
  readonly spec: ModelSpec;
  /** Panes before the change, and those since. */
  readonly earlier: readonly TimedPane[];
  readonly since: readonly PaneProfile[];
  readonly delays: IncidentAssumptions['labels']['delays'];
  /** Streams of columns and labels that alarmed, looked through for rhythms, too. */
  readonly streams?: readonly Rhythmic[];
  /** Of the evidence; evidence from before it was kept has none. */
  readonly dependence?: StreamDependence | undefined;
  readonly now: Date;
}

export function assumptionsOf({ reference, spec, earlier, since, delays, streams = [], dependence, now }: Checked): IncidentAssumptions {
  const autocorrelation = paneAutocorrelation(earlier);
  const referenceAge = (now.getTime() - Date.parse(reference.createdAt)) / DAY;
  const rows = since.reduce((sum, { profile }) => sum + profile.rows, 0);
  const labels = { rows, labelled: since.reduce((sum, { profile }) => sum + profile.outcome.labelled, 0), delays };
  const rhythms = spec.monitor.seasonKey === undefined ? rhythmsOf(earlier, tolerancesFor(reference, spec.monitor.tolerance), streams) : [];
  const found = { autocorrelation, ...(dependence === undefined ? {} : { dependence }), referenceAge, labels, rhythms };
  return { ...found, doubts: doubtsOf(spec, found, since.length) };
}

/** A reference may be older than the rows that a dataset would take, by no more than so many times. */
const OLD = 3;

function doubtsOf({ monitor, data }: ModelSpec, { autocorrelation, dependence, referenceAge, labels, rhythms }: Omit<IncidentAssumptions, 'doubts'>, panes: number): string[] {
  const doubts: string[] = [];
  if (autocorrelation !== null && autocorrelation.value > Math.max(autocorrelation.noise, monitor.autocorrelation ?? dependence?.phi ?? 0)) {
    doubts.push(`errors of neighbouring panes resembled each other before the change (${autocorrelation.value.toFixed(2)}, chance gives ${autocorrelation.noise.toFixed(2)}): declare monitor.autocorrelation`);
  }
  const window = daysOf(data.window);
  if (referenceAge > OLD * window) doubts.push(`the reference is ${Math.round(referenceAge)} days old, more than ${OLD} times data.window (${data.window})`);
  const length = daysOf(monitor.pane) * DAY / SECOND;
  if (labels.delays !== null && labels.delays.median > panes * length) doubts.push(`labels take ${Math.round(labels.delays.median)} s (median), longer than the change has lasted: most of those that alarmed are of predictions from before it`);
  return [...doubts, ...rhythms.map(({ suggestion }) => suggestion)];
}

function daysOf(duration: string): number {
  return milliseconds(duration) / DAY;
}
