/** What an incident calls for. The one place where its level is decided; the rule goes into the evidence beside what it found. */
import { INCIDENT_LEVELS, type IncidentLevel, type MonitorKind } from '../vocabulary.ts';
import type { EstimateReport, NoEstimate } from './performance/index.ts';

export interface Level {
  readonly level: IncidentLevel;
  readonly because: string;
  readonly rule: string;
}

export const RULE = 'page: the score has fallen (the monitor of errors alarmed), or is estimated to have fallen by more than its tolerance, with the whole 95 % interval. '
  + 'ticket: it is likely to fall (confidence fell, answers lost their form, confidences are not worth what they were, so that estimates without labels are off, or the estimate itself, if not its whole interval, is lower by more than the tolerance). '
  + 'log: the traffic has drifted, and nothing says that the score goes with it.';

/** Mean score of the predictions since the change, as far as it can be estimated, beside the reference's. */
export interface Outlook {
  readonly estimate: EstimateReport | NoEstimate;
  readonly reference: number;
  /** Of the score. */
  readonly tolerance: number;
}

const CONSEQUENCES = { confidence: 'confidence fell', format: 'answers lost their form', calibration: 'confidences are not worth what they were' };

/** `outlook` is null where nobody has looked yet. */
export function levelOf(kinds: readonly MonitorKind[], outlook: Outlook | null): Level {
  const found = (level: IncidentLevel, because: string): Level => ({ level, because, rule: RULE });
  if (kinds.includes('error')) return found('page', 'the monitor of errors alarmed');
  const foretold = outlook === null ? null : fallOf(outlook);
  if (foretold?.level === 'page') return found('page', foretold.because);
  const consequence = (['confidence', 'format', 'calibration'] as const).find((kind) => kinds.includes(kind));
  if (consequence !== undefined) return found('ticket', CONSEQUENCES[consequence]);
  return foretold === null ? found('log', 'nothing says that the score goes with it') : found('ticket', foretold.because);
}

function fallOf({ estimate, reference, tolerance }: Outlook): { level: 'page' | 'ticket'; because: string } | null {
  if (estimate.method === null || estimate.mean >= reference - tolerance) return null;
  const because = `the score is estimated at ${estimate.mean.toFixed(3)} (${estimate.low.toFixed(3)} to ${estimate.high.toFixed(3)}, ${estimate.method}), ${reference.toFixed(3)} in the reference`;
  return { level: estimate.high < reference - tolerance ? 'page' : 'ticket', because };
}

export const worse = (a: IncidentLevel, b: IncidentLevel): boolean => INCIDENT_LEVELS.indexOf(a) > INCIDENT_LEVELS.indexOf(b);

/** The worse of two; the first of two alike. */
export const worst = (a: Level, b: Level): Level => (worse(b.level, a.level) ? b : a);
