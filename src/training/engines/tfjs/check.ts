/** The small checks that job.json and rows are made of. */
import { TrimtabError } from '../../../errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Check {
  readonly fits: (value: unknown) => boolean;
  readonly right: string;
  /** Stands where the field is absent. */
  readonly otherwise?: unknown;
}

export function refuse(what: string, problem: string, right: string): never {
  throw new TrimtabError('bad-data', { what, problem, right });
}

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

export const strings = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string');
export const different = (value: unknown): boolean => strings(value) && new Set(value as string[]).size === (value as string[]).length;

export const text: Check = { fits: (value) => typeof value === 'string', right: 'a string' };
export const flag: Check = { fits: (value) => typeof value === 'boolean', right: 'true or false' };
export const whole = (from: number, otherwise?: unknown): Check => ({ fits: (value) => Number.isSafeInteger(value) && (value as number) >= from, right: `a whole number from ${from} up`, otherwise });
export const oneOf = (words: readonly string[], otherwise?: unknown): Check => ({ fits: (value) => words.includes(value as string), right: `one of ${words.join(', ')}`, otherwise });
export const number = (fits: (value: number) => boolean, right: string): Check => ({ fits: (value) => typeof value === 'number' && Number.isFinite(value) && fits(value), right });

/** The object with absent fields filled in. Refuses a field that does not fit, and one that nobody knows: a misspelt setting must not be ignored. */
export function complete(value: unknown, where: string, checks: Readonly<Record<string, Check>>): Fields {
  if (!isObject(value)) return refuse(where, `it is ${JSON.stringify(value)}`, `an object of ${Object.keys(checks).join(', ')}`);
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(checks, name));
  if (unknown !== undefined) refuse(where, `there is no field "${unknown}"`, `one of ${Object.keys(checks).join(', ')}`);
  return Object.fromEntries(
    Object.entries(checks).map(([name, { fits, right, otherwise }]) => {
      const given = value[name] ?? otherwise;
      if (!fits(given)) refuse(`${where}, ${name}`, `it is ${JSON.stringify(given)}`, right);
      return [name, given];
    }),
  );
}
