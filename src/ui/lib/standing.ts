/** How a model stands, in one word or two. */
import type { FleetRow } from '../../http/api.ts';
import type { RunState } from '../../vocabulary.ts';

export interface Stand {
  readonly is: 'good' | 'busy' | 'bad' | 'quiet';
  readonly text: string;
}

/** An alarm that nobody has seen comes before everything; what waits for a person before what goes on by itself. */
export function standOf(row: Pick<FleetRow, 'incidents' | 'live' | 'run'>): Stand {
  const open = row.incidents.filter(({ state }) => state === 'open').length;
  if (open > 0) return { is: 'bad', text: open === 1 ? '1 alarm' : `${open} alarms` };
  if (row.run?.waiting === true) return { is: 'busy', text: 'waits for approval' };
  if (row.incidents.length > 0) return { is: 'busy', text: row.incidents.length === 1 ? '1 alarm seen' : `${row.incidents.length} alarms seen` };
  return row.live === null ? { is: 'quiet', text: 'nothing is live yet' } : { is: 'good', text: 'on course' };
}

const DOING: Readonly<Record<RunState, string>> = {
  collect: 'collects rows', train: 'trains', evaluate: 'sits the exam', rollout: 'rolls out', watch: 'is watched', done: 'done',
};

export function runText({ state, step, steps, waiting }: Pick<NonNullable<FleetRow['run']>, 'state' | 'step' | 'steps' | 'waiting'>): string {
  if (waiting) return 'waits for approval';
  return step === null || steps === null ? DOING[state] : `${DOING[state]}, ${Math.round((100 * step) / Math.max(1, steps))} %`;
}
