/** Reads the arguments of a command: its positionals by name, and its options. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { TrimtabError, messageOf } from '../errors.ts';

/** Options of every command. */
const COMMON = { json: { type: 'boolean' }, data: { type: 'string' } } as const;

export interface Arguments {
  /** One for each name that was asked for. */
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

/** A name that ends in `?` may be left out. @throws TrimtabError `bad-request` that ends with the usage */
export function readArguments(args: readonly string[], names: readonly string[], usage: string, options: ParseArgsOptionsConfig = {}): Arguments {
  const right = usageText(usage);
  const parsed = parse(args, { ...COMMON, ...options }, right);
  const missing = names[parsed.positionals.length];
  if (missing !== undefined && !missing.endsWith('?')) throw missingArgument(missing, usage);
  const extra = parsed.positionals[names.length];
  if (extra !== undefined) throw new TrimtabError('bad-request', { what: `"${extra}"`, problem: 'is one argument too many', right });
  return parsed;
}

function parse(args: readonly string[], options: ParseArgsOptionsConfig, right: string): Arguments {
  try {
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { positionals, values: values as Arguments['values'] };
  } catch (error) {
    throw new TrimtabError('bad-request', { what: 'arguments', problem: messageOf(error), right });
  }
}

const usageText = (usage: string) => `usage: npm run cli -- ${usage}`;

/** The error of an argument or option that must be given. */
export function missingArgument(what: string, usage: string): TrimtabError {
  return new TrimtabError('bad-request', { what, problem: 'is missing', right: usageText(usage) });
}

/** The text of an option that must be given. @throws TrimtabError `bad-request` */
export function requiredText(parsed: Arguments, name: string, usage: string): string {
  const text = textOf(parsed, name);
  if (text === null) throw missingArgument(`--${name}`, usage);
  return text;
}

/** The text of an option, or null. */
export function textOf({ values }: Arguments, name: string): string | null {
  const value = values[name];
  return typeof value === 'string' ? value : null;
}

/** A time that an argument gives. @throws TrimtabError `bad-request` */
export function timeIn(what: string, given: string): Date {
  const at = new Date(given);
  if (Number.isNaN(at.getTime())) throw new TrimtabError('bad-request', { what, problem: `"${given}" is no time`, right: 'give one such as 2026-03-01T00:00:00Z' });
  return at;
}
