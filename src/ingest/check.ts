/** Checks of single fields: the reason why a row cannot be stored, or null. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { MAX_JSON, MAX_VECTORS } from './schema.ts';

/** The row, or the first thing that its schema finds wrong. */
export function checker<T extends TSchema>(schema: T): (input: unknown) => Static<T> | string {
  const validator = Compile(schema);
  return (input) => {
    if (validator.Check(input)) return input as Static<T>;
    const [first, ...rest] = validator.Errors(input);
    // a false branch of additionalProperties says only "schema is false"; the next error names the field
    const error = first?.keyword === 'boolean' ? (rest[0] ?? first) : first;
    if (error === undefined) return 'the row is not valid';
    if (error.keyword === 'additionalProperties') {
      return `there is no field "${String(error.params.additionalProperties[0])}"; the fields are ${Object.keys((schema as { properties?: object }).properties ?? {}).join(', ')}`;
    }
    return `${error.instancePath === '' ? 'the row' : error.instancePath.slice(1).replaceAll('/', '.')} ${error.message}`;
  };
}

/** PostgreSQL stores neither; replacing them would store what was not sent. */
export function textProblem(fields: Readonly<Record<string, string | undefined>>): string | null {
  for (const name in fields) {
    const text = fields[name];
    if (text === undefined) continue;
    if (text.includes('\0')) return `${name} has the character U+0000, which cannot be stored; remove it`;
    if (!text.isWellFormed()) return `${name} has half a surrogate pair, which is no character; send whole characters`;
  }
  return null;
}

const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** JavaScript takes 30 February for 2 March, and years that PostgreSQL writes in another way: one such row would fail its whole batch. */
export function timeProblem(name: string, time: string | undefined): string | null {
  if (time === undefined) return null;
  const [date, at] = [time.slice(0, 10), Date.parse(time)];
  const day = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(at) || Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return `${name} is no time of the calendar: ${time}`;
  return at >= 0 && at <= LAST_TIME ? null : `${name} must be a time from 1970 to 9999, not ${time}`;
}

export function jsonProblem(name: string, value: Readonly<Record<string, unknown>> | undefined): string | null {
  if (value === undefined) return null;
  const length = JSON.stringify(value).length;
  if (length > MAX_JSON) {
    const vectors = Object.values(value).reduce<number>((sum, member) => sum + (Array.isArray(member) ? JSON.stringify(member).length : 0), 0);
    if (length - vectors > MAX_JSON) return `${name} is longer than ${MAX_JSON} characters as JSON`;
    if (vectors > MAX_VECTORS) return `the vectors of ${name} are longer than ${MAX_VECTORS} characters as JSON; send fewer digits or dimensions`;
  }
  for (const [key, member] of Object.entries(value)) {
    const problem = textProblem({ [`the name of a member of ${name}`]: key, [`${name}.${key}`]: typeof member === 'string' ? member : undefined });
    if (problem !== null) return problem;
  }
  return null;
}
