/** A command line whose output is kept. */
import type { Context } from '../../src/cli/command.ts';
import { readConfig, type Config } from '../../src/config.ts';

export interface Kept extends Context {
  readonly lines: string[];
  readonly errors: string[];
}

export function keep(config: Partial<Config> = {}): Kept {
  const [lines, errors]: [string[], string[]] = [[], []];
  return {
    lines,
    errors,
    config: (dataDir) => ({ ...readConfig({}), ...config, ...(dataDir === null ? {} : { dataDir }) }),
    out: (line) => lines.push(line),
    err: (line) => errors.push(line),
  };
}
