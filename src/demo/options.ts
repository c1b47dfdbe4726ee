/** The arguments of `npm run demo`. */
import { parseArgs } from 'node:util';
import { TrimtabError, messageOf } from '../errors.ts';

export const USAGE = 'npm run demo -- [--exit] [--seed N] [--port N] [--workers N] [--data DIR]';

/** Replaces the verdict of the gates; for the test that shows that the demo notices. */
export type GateMutant = 'always' | 'never';

export interface DemoOptions {
  /** Ends after the last stage, with code 0 only if every stage came out as told. */
  readonly exit: boolean;
  readonly seed: number;
  /** 0: a free one. */
  readonly port: number;
  /** Workers of a training job; null: what the service takes. */
  readonly workers: number | null;
  /** Folder of the demo's data, made anew; null: a temporary one. */
  readonly data: string | null;
  readonly gate: GateMutant | null;
}

/** @throws TrimtabError `bad-request` */
export function parseOptions(args: readonly string[]): DemoOptions {
  const values = read(args);
  const { gate } = values;
  if (gate !== undefined && gate !== 'always' && gate !== 'never') throw wrong('--gate', `"${gate}" is no mutant`);
  return {
    exit: values.exit ?? false,
    seed: whole('--seed', values.seed ?? '1'),
    port: whole('--port', values.port ?? '0'),
    workers: values.workers === undefined ? null : whole('--workers', values.workers),
    data: values.data ?? null,
    gate: gate ?? null,
  };
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { exit: { type: 'boolean' }, seed: text, port: text, workers: text, data: text, gate: text } }).values;
  } catch (error) {
    throw wrong('arguments', messageOf(error));
  }
}

function whole(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw wrong(name, `"${value}" is no whole number`);
  return Number(value);
}

const wrong = (what: string, problem: string) => new TrimtabError('bad-request', { what, problem, right: USAGE });
