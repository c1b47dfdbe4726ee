/**
 * Which alarms are of one cause: an incident is one of these.
 *
 * An alarm joins the unresolved incident, of the same promotion, whose first alarm came no earlier than the change that the alarm is
 * of began: the panes since that change are then panes of both. Where several fit, the one whose own change began nearest. Alarms of one pane
 * are always of one cause, since a change begins no later than its alarm. What begins after an incident was opened is another cause.
 */
import type { MonitorKind } from '../vocabulary.ts';
import type { Effect } from './effect.ts';
import { levelOf, worse } from './level.ts';

/** An incident as an alarm is held against it: the pane that opened it, and the panes since its change. */
export interface Cause {
  readonly pane: number;
  readonly evidence: Pick<Effect, 'panes'>;
}

export interface Alarm {
  readonly kind: MonitorKind;
  readonly eValue: number;
  readonly threshold: number;
}

/** The incident that an alarm belongs to; null: it is the first of its cause. */
export function causeOf<C extends Cause>({ panes: [began] }: Pick<Effect, 'panes'>, causes: readonly C[]): C | null {
  const distance = ({ evidence }: C) => Math.abs(evidence.panes[0] - began);
  return causes.filter(({ pane }) => began <= pane).reduce<C | null>((best, each) => (best === null || distance(each) < distance(best) ? each : best), null);
}

/** The worst level first, then what passed its threshold by most: the first opens the incident and gives it its name. */
export function byWeight(a: Alarm, b: Alarm): number {
  const [ofA, ofB] = [levelOf([a.kind], null).level, levelOf([b.kind], null).level];
  if (ofA !== ofB) return worse(ofA, ofB) ? -1 : 1;
  return b.eValue / b.threshold - a.eValue / a.threshold;
}
