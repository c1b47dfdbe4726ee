/** docs/configuration.md and docs/cli.md are made from the code: `npx vitest run --project pure tests/docs/made.test.ts -u` writes them, and this fails when they are out of date. */
import { expect, test } from 'vitest';
import { helpText } from '../../src/cli/commands/help.ts';
import { COMMANDS } from '../../src/cli/run.ts';
import { readConfig, VARIABLES } from '../../src/config.ts';
import { ModelSpecSchema } from '../../src/spec.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

const DURATION = '^[1-9][0-9]*(s|m|h|d)$';
const code = (value: unknown) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function kindOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map(code).join(' or ');
  if (schema.const !== undefined) return code(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(kindOf).join(', or ');
  if (schema.type === 'array') return `list of ${kindOf(schema.items ?? {})}`;
  if (schema.pattern === DURATION) return 'duration';
  const bounds = [
    schema.minimum === undefined ? null : `${schema.minimum} or more`,
    schema.exclusiveMinimum === undefined ? null : `above ${schema.exclusiveMinimum}`,
    schema.maximum === undefined ? null : `${schema.maximum} or less`,
    schema.exclusiveMaximum === undefined ? null : `below ${schema.exclusiveMaximum}`,
  ].filter((each) => each !== null);
  const type = { string: 'text', integer: 'whole number', number: 'number', boolean: '`true` or `false`' }[schema.type ?? ''] ?? schema.type ?? '';
  return bounds.length === 0 ? type : `${type}, ${bounds.join(', ')}`;
}

/** One row a field; objects are followed into. */
function fields(schema: Schema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = `${prefix}${name}`;
    const [anyName] = Object.values(field.patternProperties ?? {});
    if (anyName !== undefined) return [[code(at), 'by name', code(field.default), field.description ?? ''], ...fields(anyName, `${at}.NAME.`)];
    if (field.properties !== undefined) return [...(field.description === undefined ? [] : [[code(at), '', '', field.description]]), ...fields(field, `${at}.`)];
    const standard = field.default !== undefined ? code(field.default) : schema.required?.includes(name) === true && prefix === '' ? '**needed**' : 'none';
    return [[code(at), kindOf(field), standard, field.description ?? '']];
  });
}

test('docs/configuration.md says what the code reads', async () => {
  const variables = VARIABLES.map(({ names, standard, what }) => [names.map(code).join(', '), standard, what]);
  const page = `<!-- Made by tests/docs/made.test.ts. -->
# Configuration

## The service: environment variables

What is wrong with them is told at the start, all of it together, with what would be right.

${table(['variable', 'standard', 'what'], variables)}

## A model: its ModelSpec

The body of \`PUT /v1/models/NAME\`. \`name\`, \`task\` and \`serving\` are enough; a field that there is not is refused. A duration is a whole number and \`s\`, \`m\`, \`h\` or \`d\`.
Whole policies with their reasons: [policies.md](policies.md).

${table(['field', 'what it may be', 'standard', 'what'], fields(ModelSpecSchema as unknown as Schema))}
`;
  await expect(page).toMatchFileSnapshot('../../docs/configuration.md');
});

test('docs/cli.md says what the code does', async () => {
  const rows = COMMANDS.map(({ usage, summary }) => [code(usage), summary]);
  const page = `<!-- Made by tests/docs/made.test.ts. -->
# The command line

\`npm run cli -- COMMAND\`, or, after \`npm link\`, \`trimtab COMMAND\`; \`npm run cli -- help\` prints this. Commands that speak to a running service (\`--url\`) take the one on
this machine's \`TRIMTAB_PORT\`, and the key of \`TRIMTAB_API_KEY\`, unless told otherwise; the others open the database and the data folder themselves.

${table(['command', 'what'], rows)}

${helpText([]).split('\n').slice(-3).map((line) => `- ${line.replace(/ {2,}/, ': ').replace(/^(--[a-z]+( DIR)?)/, '`$1`')}`).join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../docs/cli.md');
});

test('the table names every variable that is read, and no other', () => {
  const asked = new Set<string>();
  const env = { DATABASE_URL: 'postgres://u@h/d', TRIMTAB_OBJECTS: 's3://bucket', AWS_REGION: 'r', AWS_ACCESS_KEY_ID: 'i', AWS_SECRET_ACCESS_KEY: 's' } as Record<string, string>;
  readConfig(new Proxy(env, { get: (target, name) => (asked.add(String(name)), target[String(name)]) }));
  expect(VARIABLES.flatMap(({ names }) => names).sort()).toEqual([...asked].sort());
});
