/** What a command is, and what it may use of the process. */
import type { Config } from '../config.ts';

export interface Command {
  /** The words that name it, as in `record verify`. */
  readonly words: readonly string[];
  readonly usage: string;
  readonly summary: string;
  /** Answers the exit code. @throws TrimtabError */
  run(args: readonly string[], context: Context): Promise<ExitCode>;
}

/** 0: done, and all is well; 1: it ran, and something is not well; 2: it was called in a wrong way. */
export type ExitCode = 0 | 1 | 2;

export interface Context {
  /** The configuration of the environment, with `--data` in the place of TRIMTAB_DATA_DIR when given. */
  config(dataDir: string | null): Config;
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  /** Shows a line that the next one replaces, null clears it; left out where nobody watches. */
  readonly status?: (line: string | null) => void;
}

/** Name and value, lined up. */
export function showFields(context: Context, fields: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  for (const [name, value] of Object.entries(fields)) context.out(`${name.padEnd(width)}  ${value}`);
}
