/** Keeps what the service decided while a replay was played: alarms and runs, each under the stage in which it happened. */
import type { Events } from '../../telemetry/events.ts';
import type { Comparisons } from './comparison.ts';
import type { Decision, Detection } from './report.ts';

export interface Ledger {
  /** A stage begins: what comes now is its own. */
  enter(stage: string): void;
  /** Rows of the stage were sent; alarms count from the stage's first row. */
  sent(rows: number): void;
  detection(stage: string): Detection;
  decisions(): Decision[];
  close(): void;
}

/** `watch`: promoted, and still watched. */
const RETRAINED: readonly string[] = ['promoted', 'rejected', 'not-enough-evidence', 'rolled-back'];

export function createLedger({ events }: { readonly events: Pick<Events, 'on'> }, comparisons: Pick<Comparisons, 'open'>, say: (text: string) => void): Ledger {
  let stage = '';
  let rows = 0;
  let fired = '';
  const alarms = new Map<string, { rows: number; monitor: string }[]>();
  const decisions = new Map<string, Decision>();
  const decide = (run: string, outcome: string, reason: string | null) => {
    const earlier = decisions.get(run);
    const decision = { stage: earlier?.stage ?? stage, run, trigger: earlier?.trigger ?? fired, outcome, reason: reason ?? earlier?.reason ?? '', retrained: RETRAINED.includes(outcome) };
    decisions.set(run, decision);
    if (earlier?.outcome !== outcome) say(`${stage}: run ${run} (${decision.trigger}) ${outcome}${decision.reason === '' ? '' : `: ${decision.reason}`}`);
  };
  const stops = [
    events.on('incident:opened', ({ monitor }) => {
      alarms.set(stage, [...(alarms.get(stage) ?? []), { rows, monitor }]);
      say(`${stage}: ${monitor} alarms after ${rows} rows`);
    }),
    events.on('trigger:decided', ({ reason, decision }) => {
      if (decision === 'fired') fired = reason;
    }),
    events.on('run:state', ({ run, state, outcome, reason }) => {
      if (outcome !== null) decide(run, outcome, reason);
      else if (state === 'watch') decide(run, 'promoted', reason);
    }),
    events.on('promotion', ({ adapter, previous, kind, run }) => {
      if (kind === 'promotion' && previous !== null) comparisons.open({ stage, run: run ?? '', challenger: adapter, champion: previous });
    }),
  ];
  return {
    enter(name) {
      [stage, rows] = [name, 0];
    },
    sent: (count) => void (rows += count),
    detection(name) {
      const own = alarms.get(name) ?? [];
      return { stage: name, rows: own[0]?.rows ?? null, monitor: own[0]?.monitor ?? null, alarms: own.length };
    },
    decisions: () => [...decisions.values()],
    close: () => stops.forEach((stop) => stop()),
  };
}
