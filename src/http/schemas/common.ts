/** What the schemas of routes are made of. */
import Type, { type TSchema, type TUnsafe } from 'typebox';
import type { JsonObject } from './json.ts';

export const strict = { additionalProperties: false } as const;

/** A date in JSON: ISO 8601 with a zone. */
export const time = (description?: string) => Type.Unsafe<Date>({ type: 'string', format: 'date-time', ...described(description) });
/** `null` stands first: the serializer takes the first type that fits, and null fits as an empty string too. */
export const orNull = (schema: TSchema) => {
  const { type, ...rest } = schema as JsonObject;
  return Type.Unsafe({ ...rest, type: ['null', type] });
};
/** Any JSON, passed on as it is: evidence, judgements and specs have their own schemas where they are made. */
export const json = (description?: string) => Type.Unsafe<unknown>({ ...described(description) });
export const text = (description?: string) => Type.String(described(description));
export const integer = (description?: string) => Type.Integer(described(description));
export const oneOf = <const T extends readonly string[]>(words: T, description?: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: words, ...described(description) });

const described = (description: string | undefined) => (description === undefined ? {} : { description });

/** What stands in a URL. Nothing that PostgreSQL refuses (U+0000) or that needs care in a log gets through. */
const ID = '^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$';
export const id = (description: string) => Type.String({ pattern: ID, description });
export const ModelParams = Type.Object({ name: id('name of the model') }, strict);
export const IdParams = Type.Object({ id: id('id') }, strict);
export const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'rows at most; 100 when left out' }));
export const DEFAULT_LIMIT = 100;

/**
 * The JSON form of a domain's type. The compiler holds the properties to the type's own, none missing and none more,
 * so that a field which a domain gains is either shown or left out on purpose.
 */
export function view<T extends object>($id: string, properties: Readonly<Record<keyof T, TSchema>>) {
  return Type.Unsafe<T>(Type.Object(properties as Record<string, TSchema>, { $id, title: $id }));
}

/** A reference to a schema of `SHARED`, typed as what it refers to. */
export function ref<T>(schema: TUnsafe<T>) {
  const { $id } = schema as TUnsafe<T> & { $id?: string };
  return Type.Unsafe<T>({ $ref: `${$id}#` });
}

/** A list of such references. */
export function list<T>(schema: TUnsafe<T>) {
  return Type.Unsafe<readonly T[]>({ type: 'array', items: ref(schema) });
}
