/** Chooses what computes: the fastest that loads, and says why. */
import { TrimtabError } from '../../../errors.ts';
import type { Team, TeamOptions } from '../../../lora/team.ts';
import { createTeam } from '../../../lora/team.ts';
import type { Job } from '../../job.ts';

export interface Backend {
  readonly name: string;
  /** How it was chosen, in words. */
  readonly why: string;
  readonly versions: Readonly<Record<string, string>>;
  createTeam(options: TeamOptions): Promise<Team>;
}

export async function chooseBackend(wanted: Job['backend']): Promise<Backend> {
  const wasm = (why: string): Backend => ({ name: 'wasm', why, versions: {}, createTeam });
  if (wanted === 'wasm') return wasm('the job asks for it');
  const absent = 'tensorflow is not installed';
  if (wanted === 'tensorflow') throw new TrimtabError('bad-data', { what: 'the backend "tensorflow"', problem: absent, right: 'the backend "wasm"' });
  return wasm(`${absent}, and wasm needs nothing`);
}
