/** The level of an incident, and that it is muted. */
import type { IncidentLevel } from '../../vocabulary.ts';

export function Level({ of, muted }: { of: IncidentLevel; muted: boolean }) {
  return <><span class="tag">{of}</span>{muted ? <> <span class="tag">muted</span></> : null}</>;
}
