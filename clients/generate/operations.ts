/** The service's OpenAPI description as a list of operations, named the same in every client. */
export interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, {
    readonly summary?: string;
    readonly tags?: readonly string[];
    readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Schema; readonly description?: string }[];
    readonly requestBody?: Content & { readonly required?: boolean };
    readonly responses: Readonly<Record<string, Content>>;
  }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  /** Where it stands in the client: `models`, `runs`, ... */
  readonly group: string;
  readonly name: string;
  readonly summary: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly pathParameters: readonly Parameter[];
  readonly query: readonly Parameter[];
  readonly body: Schema | null;
  /** Null: it answers nothing. */
  readonly answer: Schema | null;
  /** A request that reached the service and whose answer was lost may be sent again. */
  readonly repeatable: boolean;
}

/** Rows have ids, so that a repeat is a duplicate and changes nothing. */
const IDEMPOTENT_POSTS = /^\/v1\/(predictions|feedback|models\/\{name\}\/import)$/;

/** Every operation that speaks JSON under /v1, in the order of the description. */
export function operationsOf({ paths }: OpenApi): Operation[] {
  const taken = new Set<string>();
  const routes = Object.entries(paths).filter(([path]) => path.startsWith('/v1/'));
  const listed = routes.flatMap(([path, methods]) => Object.entries(methods).map(([method, description]) => ({ path, method: method.toUpperCase() as Operation['method'], description })));
  const answersJson = ({ description }: (typeof listed)[number]) => Object.entries(description.responses).every(([status, { content }]) => !status.startsWith('2') || content === undefined || 'application/json' in content);
  // reading gets the plain names, whatever the order of the routes
  const ordered = [...listed.filter(({ method }) => method === 'GET'), ...listed.filter(({ method }) => method !== 'GET')].filter(answersJson);
  const named = new Map(ordered.map((route) => [`${route.method} ${route.path}`, nameOf(route.path, route.method, taken)]));
  return listed.filter(answersJson).map(({ path, method, description }) => {
    const parameters = (where: string) => (description.parameters ?? []).filter((each) => each.in === where).map(({ name, required = false, schema }) => ({ name, required, schema }));
    const good = Object.entries(description.responses).find(([status]) => status.startsWith('2'))?.[1];
    return {
      ...named.get(`${method} ${path}`) as { group: string; name: string },
      summary: description.summary ?? '',
      method, path,
      pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, required: true, schema: { type: 'string' } })),
      query: parameters('query'),
      body: description.requestBody?.content?.['application/json']?.schema ?? null,
      answer: good?.content?.['application/json']?.schema ?? null,
      repeatable: method !== 'POST' || IDEMPOTENT_POSTS.test(path),
    };
  });
}

/** `GET /v1/models` is models.list, `GET /v1/models/{name}/drift` models.drift, `POST /v1/models/{name}/triggers` models.createTrigger. */
function nameOf(path: string, method: Operation['method'], taken: Set<string>): { group: string; name: string } {
  const [group = '', ...rest] = path.slice('/v1/'.length).split('/');
  const words = rest.filter((segment) => !segment.startsWith('{'));
  const ofItem = path.endsWith('}');
  const own = { GET: ofItem ? 'get' : 'list', PUT: 'put', POST: 'send', DELETE: 'delete' }[method];
  const plain = words.length === 0 ? own : camel(method === 'GET' || method === 'POST' ? (ofItem ? [own, ...words] : words) : [own, ...words]);
  const name = taken.has(`${group}.${plain}`) ? camel(['create', ...words.map((word, i) => (i === words.length - 1 ? word.replace(/s$/, '') : word))]) : plain;
  if (taken.has(`${group}.${name}`)) throw new Error(`two operations would be called ${group}.${name}; ${method} ${path} needs another path`);
  taken.add(`${group}.${name}`);
  return { group: camel([group]), name };
}

/** Words that a language has for something else. */
const RENAMED: Readonly<Record<string, string>> = { Record: 'DecisionRecord' };

/** Names of schemas that have one: components by their key, others by their title. */
export function nameOfSchema(schema: Schema): string | null {
  const name = schema.$ref?.replace('#/components/schemas/', '') ?? schema.title;
  return name !== undefined && /^[A-Z]\w*$/.test(name) ? (RENAMED[name] ?? name) : null;
}

/** All named schemas that the operations reach, by name, in the order in which they are met. */
export function namedSchemas(api: OpenApi, operations: readonly Operation[]): Map<string, Schema> {
  const found = new Map<string, Schema>();
  const visit = (schema: Schema): void => {
    const name = nameOfSchema(schema);
    const whole = schema.$ref === undefined ? schema : api.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
    if (whole === undefined) throw new Error(`there is no schema ${schema.$ref}`);
    if (name !== null) {
      if (found.has(name)) return;
      found.set(name, whole);
    }
    for (const part of [...Object.values(whole.properties ?? {}), ...Object.values(whole.patternProperties ?? {}), ...(whole.anyOf ?? []), ...(whole.items ? [whole.items] : []), ...(typeof whole.additionalProperties === 'object' ? [whole.additionalProperties] : [])]) visit(part);
  };
  for (const { body, answer, query } of operations) for (const schema of [body, answer, ...query.map((each) => each.schema)]) if (schema !== null) visit(schema);
  return found;
}

export const camel = (words: readonly string[]): string => words.join('-').replace(/-+(\w)/g, (_, letter: string) => letter.toUpperCase());
