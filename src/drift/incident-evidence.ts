/** What an incident carries: the evidence of each of its monitors, its level, and what was found out afterwards. */
import type { IncidentAssumptions } from './assumptions.ts';
import type { MovedColumn, MovedSegment } from './culprits.ts';
import type { Evidence } from './evidence.ts';
import type { Level, Outlook } from './level.ts';
import type { MovedTexts } from './moved-texts.ts';

export interface Assessment {
  readonly assumptions: IncidentAssumptions;
  readonly outlook: Outlook;
  /** What moved most first; of the whole incident, not of its first monitor alone. */
  readonly columns: readonly MovedColumn[];
  readonly segments: readonly MovedSegment[];
  /** Null where no words rose by more than chance. */
  readonly texts: MovedTexts | null;
}

/** What an incident rests on: the evidence of the monitor that opened it, that of those which joined, and what was found out afterwards. */
export interface IncidentEvidence extends Evidence, Partial<Assessment> {
  readonly joined: readonly Evidence[];
  readonly level: Level;
}

/** Of all its monitors, the first one's first. */
export function evidencesOf({ joined, ...first }: IncidentEvidence): readonly Evidence[] {
  return [first, ...joined];
}
