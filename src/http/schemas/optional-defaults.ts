/** A schema as a caller may write it: what has a default may be left out. */
import type { TSchema } from 'typebox';
import { isJsonObject } from './json.ts';

/** `also` names further top-level properties that may be left out. */
export function withOptionalDefaults(schema: TSchema, also: readonly string[] = []): TSchema {
  const { $id: _, ...rest } = relax(schema, also) as TSchema & { $id?: string };
  return rest as TSchema;
}

function relax(schema: unknown, also: readonly string[]): unknown {
  if (!isJsonObject(schema) || !isJsonObject(schema['properties'])) return schema;
  const properties = schema['properties'];
  const required = (schema['required'] as readonly string[] | undefined)?.filter((name) => {
    const property = properties[name];
    return !also.includes(name) && !(isJsonObject(property) && 'default' in property);
  });
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, relax(property, [])])),
    ...(required === undefined ? {} : { required }),
  };
}
