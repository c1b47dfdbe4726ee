/** Health, metrics and the API's description: the public scope. */
import Type from 'typebox';
import type { HttpParts } from '../parts.ts';
import { problemsOf } from '../schemas/answers.ts';
import type { TypedApp } from './app.ts';

const Ok = Type.Object({ status: Type.Literal('ok') });
const tags = ['service'];
const security: [] = [];

export function serviceRoutes(app: TypedApp, { health, metrics }: Pick<HttpParts, 'health' | 'metrics'>): void {
  // Never asks the database: a database that is down must not get every replica killed.
  app.get('/health/live', { schema: { tags, security, summary: 'The process runs', response: { 200: Ok } } }, () => ({ status: 'ok' as const }));

  app.get(
    '/health/ready',
    { schema: { tags, security, summary: 'This replica takes traffic', response: { 200: Ok, ...problemsOf([503]) } as { 200: typeof Ok } } },
    async () => {
      await health.ready();
      return { status: 'ok' as const };
    },
  );

  app.get(
    '/metrics',
    { schema: { tags, security, summary: 'Prometheus metrics; OpenMetrics, with exemplars, for who accepts it', produces: ['text/plain', 'application/openmetrics-text'], response: { 200: Type.String() } } },
    async (request, reply) => {
      const { contentType, body } = await metrics.expose(request.headers.accept);
      return reply.type(contentType).send(body);
    },
  );

  app.get('/openapi.json', { schema: { tags, security, summary: 'This description', response: { 200: Type.Unsafe<object>({ type: 'object', additionalProperties: true }) } } }, () =>
    app.swagger(),
  );
}
