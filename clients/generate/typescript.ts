/** The TypeScript client's generated half: types of every schema, and a method for every operation. */
import { nameOfSchema, namedSchemas, operationsOf, type OpenApi, type Operation, type Schema } from './operations.ts';

export function typescriptOf(api: OpenApi): string {
  const operations = operationsOf(api);
  const groups = [...new Set(operations.map(({ group }) => group))];
  return [
    '// Made by tests/clients/generated.test.ts from the service\'s own description; run it with -u to make it anew.',
    "import type { Connection } from './connection.ts';", '',
    ...[...namedSchemas(api, operations)].map(([name, schema]) => [...commentLine(schema), `export ${declaration(name, schema)}\n`].join('\n')),
    '/** Every operation of the service, by what it is about. */',
    'export function operations({ request }: Connection) {', '  return {',
    ...groups.flatMap((group) => [`    ${group}: {`, ...operations.filter((each) => each.group === group).map(methodOf), '    },']),
    '  };', '}', '',
  ].join('\n');
}

function methodOf({ name, summary, method, path, pathParameters, query, body, answer, repeatable }: Operation): string {
  const parameters = [
    ...pathParameters.map((each) => `${each.name}: string`),
    ...(body === null ? [] : [`body: ${typeOf(body)}`]),
    ...(query.length === 0 ? [] : [`query: { ${query.map((each) => `${key(each.name)}${each.required ? '' : '?'}: ${typeOf(each.schema)}`).join('; ')} }${query.some((each) => each.required) ? '' : ' = {}'}`]),
  ];
  const address = path.replace(/\{(\w+)\}/g, (_, parameter: string) => `\${encodeURIComponent(${parameter})}`);
  const extra = [...(body === null ? [] : ['body']), ...(query.length === 0 ? [] : ['query']), ...(repeatable ? ['repeatable: true'] : [])];
  const options = extra.length === 0 ? '' : `, { ${extra.join(', ')} }`;
  return `      /** ${summary}. \`${method} ${path}\` */\n${`      ${name}: (${parameters.join(', ')}) => request<${answer === null ? 'void' : typeOf(answer)}>('${method}', \`${address}\`${options}),`.replaceAll('\n', '\n      ')}`;
}

/** Objects are interfaces, everything else is an alias. */
function declaration(name: string, schema: Schema): string {
  const { title: _, ...untitled } = schema;
  return schema.properties === undefined ? `type ${name} = ${typeOf(untitled)};` : `interface ${name} ${typeOf(untitled)}`;
}

export function typeOf(schema: Schema): string {
  const name = nameOfSchema(schema);
  if (name !== null) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return [...schema.enum.map((value) => JSON.stringify(value)), ...(listed(schema.type).includes('null') ? ['null'] : [])].join(' | ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  const types = listed(schema.type);
  if (types.length > 1) return types.map((type) => typeOf({ ...schema, type })).sort((a, b) => Number(a === 'null') - Number(b === 'null')).join(' | ');
  switch (types[0]) {
    case 'string': return 'string';
    case 'integer':
    case 'number': return 'number';
    case 'boolean': return 'boolean';
    case 'null': return 'null';
    case 'array': return `readonly ${atom(typeOf(schema.items ?? {}))}[]`;
    case 'object': return objectOf(schema);
    default: return 'unknown';
  }
}

function objectOf({ properties, required = [], additionalProperties, patternProperties }: Schema): string {
  const open = properties !== undefined && Object.keys(properties).length === 0 && additionalProperties === true;
  const rest = Object.values(patternProperties ?? {})[0] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  if (properties === undefined || open) return `Readonly<Record<string, ${rest === undefined ? 'unknown' : typeOf(rest)}>>`;
  const fields = Object.entries(properties).flatMap(([name, schema]) => [...commentLine(schema), `readonly ${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)};`]);
  return ['{', ...fields.map((line) => `  ${line.replaceAll('\n', '\n  ')}`), '}'].join('\n');
}

const commentLine = ({ description }: Schema): string[] => (description === undefined ? [] : [`/** ${description.replaceAll('*/', '* /')} */`]);
const atom = (type: string) => (/^[\w<>, ]+$/.test(type) && !type.startsWith('readonly ') ? type : `(${type})`);
const key = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const listed = (type: Schema['type']): readonly string[] => (type === undefined ? [] : typeof type === 'string' ? [type] : type);
