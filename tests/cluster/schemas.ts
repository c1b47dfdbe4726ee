/** The API server's own description as the JSON schemas that kubeconform takes: one file a kind, unknown fields refused. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kubectl } from './tools.ts';

type Schema = Readonly<Record<string, unknown>>;
interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const STRING_OR_NUMBER = { oneOf: [{ type: 'string' }, { type: 'number' }] };
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const REFERENCE = '#/definitions/';

/** Writes them into `folder`; returns how many. kubeconform finds them by `{{.ResourceKind}}{{.KindSuffix}}.json`. */
export async function writeSchemas(folder: string): Promise<number> {
  const { definitions } = JSON.parse(await kubectl('get', '--raw', '/openapi/v2')) as { definitions: Record<string, Schema> };
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, name === QUANTITY ? STRING_OR_NUMBER : strictly(schema)]));
  await mkdir(folder, { recursive: true });
  let written = 0;
  for (const [name, schema] of Object.entries(strict)) {
    const kinds = (definitions[name]?.['x-kubernetes-group-version-kind'] ?? []) as readonly GroupVersionKind[];
    // options and status objects are of every group
    const [only] = kinds;
    if (only === undefined || kinds.length > 1) continue;
    const suffix = [only.group.split('.')[0], only.version].filter((part) => part !== '').join('-');
    const file = `${only.kind}-${suffix}.json`.toLowerCase();
    await writeFile(path.join(folder, file), JSON.stringify({ ...(schema as object), definitions: Object.fromEntries(reached(schema, strict).map((at) => [at, strict[at]])) }));
    written++;
  }
  return written;
}

/** Names of all definitions that a schema leads to. */
function reached(schema: unknown, all: Readonly<Record<string, unknown>>, seen = new Set<string>()): string[] {
  const text = JSON.stringify(schema);
  for (const [, name] of text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    if (name === undefined || seen.has(name)) continue;
    seen.add(name);
    reached(all[name], all, seen);
  }
  return [...seen];
}

/** The API server drops unknown fields with a warning; here they are errors. */
function strictly(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (schema === null || typeof schema !== 'object') return schema;
  const given = schema as Schema;
  if (typeof given['$ref'] === 'string') return { $ref: `${REFERENCE}${given['$ref'].slice(REFERENCE.length)}` };
  if (given['format'] === 'int-or-string' || given['x-kubernetes-int-or-string'] === true) return STRING_OR_NUMBER;
  const properties = given['properties'] as Schema | undefined;
  const inside = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, key === 'properties' ? Object.fromEntries(Object.entries(value as Schema).map(([name, one]) => [name, strictly(one)])) : strictly(value)]));
  const open = properties === undefined || given['additionalProperties'] !== undefined || given['x-kubernetes-preserve-unknown-fields'] === true;
  return open ? inside : { ...inside, additionalProperties: false };
}
