/** How a model stands, in one word or two. */
import type { FleetRow } from '../../http/api.ts';
import type { RunState } from '../../vocabulary.ts';
import { isMuted } from './incident.ts';

export interface Stand {
  readonly is: 'good' | 'busy' | 'bad' | 'quiet';
  readonly text: string;
}

/** An alarm that nobody has seen comes before everything, unless it is muted; what waits for a person before what goes on by itself. */
export function standOf(row: Pick<FleetRow, 'incidents' | 'live' | 'run'>, now: number): Stand {
  const muted = row.incidents.filter((each) => isMuted(each, now));
  const heard = row.incidents.filter((each) => !muted.includes(each));
  const open = heard.filter(({ state }) => state === 'open').length;
  if (open > 0) return { is: 'bad', text: alarms(open) };
  if (row.run?.waiting === true) return { is: 'busy', text: 'waits for approval' };
  if (heard.length > 0) return { is: 'busy', text: `${alarms(heard.length)} seen` };
  if (muted.length > 0) return { is: 'busy', text: `${alarms(muted.length)} muted` };
  return row.live === null ? { is: 'quiet', text: 'nothing is live yet' } : { is: 'good', text: 'on course' };
}

const alarms = (n: number) => (n === 1 ? '1 alarm' : `${n} alarms`);

const DOING: Readonly<Record<RunState, string>> = {
  collect: 'collects rows', train: 'trains', evaluate: 'sits the exam', rollout: 'rolls out', watch: 'is watched', done: 'done',
};

export function runText({ state, step, steps, waiting }: Pick<NonNullable<FleetRow['run']>, 'state' | 'step' | 'steps' | 'waiting'>): string {
  if (waiting) return 'waits for approval';
  return step === null || steps === null ? DOING[state] : `${DOING[state]}, ${Math.round((100 * step) / Math.max(1, steps))} %`;
}
