/** docs/api.md is made from the code: `vitest run tests/http/docs.test.ts -u` writes it, and this fails when it is out of date. */
import { expect, test } from 'vitest';
import { PERMISSIONS, may } from '../../src/auth/roles.ts';
import { CATALOGUE } from '../../src/errors.ts';
import { ROLES } from '../../src/vocabulary.ts';
import { serve } from './support.ts';

interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

async function routes(): Promise<string> {
  const app = await serve();
  const { paths, tags } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>>; tags: { name: string; description: string }[] };
  await app.close();
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));
  return tags
    .map(({ name, description }) => {
      const rows = operations.filter((operation) => operation.tags[0] === name).map((operation) => {
        const role = operation.description?.replace(/^Needs a key of role (.*)\.$/, '$1') ?? 'everybody';
        return [`\`${operation.method.toUpperCase()} ${operation.path}\``, operation.summary, role, Object.keys(operation.responses).join(' ')];
      });
      return `### ${name}: ${description}\n\n${table(['route', 'what', 'who', 'answers'], rows)}`;
    })
    .join('\n\n');
}

test('docs/api.md says what the code does', async () => {
  const roles = table(['role', ...PERMISSIONS], ROLES.map((role) => [role, ...PERMISSIONS.map((permission) => (may(role, permission) ? 'yes' : ''))]));
  const errors = table(['code', 'status', 'try again', 'title', 'detail'], Object.entries(CATALOGUE).map(([code, { status, retryable, title, text }]) => [`\`${code}\``, String(status), retryable ? 'yes' : '', title, status === 500 ? CATALOGUE.internal.text : text]));
  const page = `<!-- Made by tests/http/docs.test.ts. -->
# The API

The full description, with every schema, is served at \`/openapi.json\`. Send a key as \`Authorization: Bearer trk_...\`.
Bodies are JSON; routes that take many rows also take NDJSON (\`application/x-ndjson\`), where one bad line costs that line only.

## Routes

${await routes()}

## Roles

${roles}

## Errors

Every error is a problem document (RFC 9457, \`application/problem+json\`) of type \`urn:trimtab:error:<code>\`; \`instance\` is the request's id, under which
the log has more, and \`errors\` lists where a request failed its schema. A 503 and a 429 say in \`retryAfter\` and \`Retry-After\` how many seconds to wait.

${errors}
`;
  await expect(page).toMatchFileSnapshot('../../docs/api.md');
});
