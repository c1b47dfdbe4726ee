import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from './support.ts';

interface Operation {
  readonly tags: string[];
  readonly summary: string;
  readonly security?: unknown[];
  readonly parameters?: { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: unknown }> };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, { readonly schema: unknown }> }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: Record<string, unknown> };
  readonly tags: { readonly name: string }[];
}

let [app, document]: [FastifyInstance, Document] = [] as never;
beforeAll(async () => {
  app = await serve();
  document = (await app.inject('/openapi.json')).json<Document>();
});
afterAll(() => app.close());

const operations = () => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

/** Every `$ref` of a document. */
function refs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refs(inner)));
}

test('it covers every route that the server has', () => {
  const routes = app.printRoutes({ commonPrefix: false, includeHooks: false }).split('\n').filter((line) => /\((GET|PUT|POST|DELETE)/.test(line)).length;
  expect(operations().length).toBeGreaterThanOrEqual(30);
  // one is the page's
  expect(Object.keys(document.paths).length).toBe(routes - 1);
  expect(document.openapi).toBe('3.1.0');
});

test('every reference leads somewhere, every tag is explained', () => {
  const names = new Set(Object.keys(document.components.schemas));
  expect(names).toEqual(new Set(['Problem', 'Model', 'Adapter', 'Live', 'Promotion', 'Trigger', 'Run', 'Incident', 'Replay', 'Drift', 'Performance', 'Record', 'Key', 'WebhookSource', 'WebhookEndpoint', 'WebhookDelivery', 'WebhookAttempt', 'FleetRow', 'Timeline', 'RunCourse', 'RunExam', 'Prediction', 'Dataset', 'LabelQueue', 'AuditEntry', 'Verification']));
  expect(refs(document).length).toBeGreaterThan(100);
  for (const ref of refs(document)) expect(names).toContain(ref.replace('#/components/schemas/', ''));
  const tags = document.tags.map(({ name }) => name);
  for (const { operation } of operations()) expect(tags).toContain(operation.tags[0]);
});

test('parameters of the path are declared, bodies and good answers have a schema', () => {
  for (const { path, method, operation } of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(operation.parameters?.filter((parameter) => parameter.in === 'path').map(({ name }) => name) ?? []).toEqual(inPath);
    expect(operation.summary).not.toBe('');
    expect(Object.values(operation.responses).filter(({ description }) => description === '')).toEqual([]);
    const good = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
    expect([path, method, good.length > 0]).toEqual([path, method, true]);
    for (const [status, { content }] of good) if (status !== '204') expect(Object.values(content ?? {})[0]?.schema).toBeDefined();
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (Number(status) >= 400) expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
    }
  }
});

test('only the public scope is without a key', () => {
  const open = operations().filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
  expect(open.sort()).toEqual(['/health/live', '/health/ready', '/metrics', '/openapi.json', '/v1/webhooks/{source}']);
});

test('bodies of many rows are described as JSON and NDJSON', () => {
  for (const path of ['/v1/predictions', '/v1/feedback', '/v1/models/{name}/import']) {
    expect(Object.keys(document.paths[path]?.['post']?.requestBody?.content ?? {})).toEqual(['application/json', 'application/x-ndjson']);
  }
});

test('what has a default need not be sent', () => {
  const schema = document.paths['/v1/models/{name}']?.['put']?.requestBody?.content['application/json']?.schema as { required: string[]; properties: Record<string, { required?: string[] }> };
  expect(schema.required).toEqual(['task']);
  expect(schema.properties['gates']?.required ?? []).toEqual([]);
});
