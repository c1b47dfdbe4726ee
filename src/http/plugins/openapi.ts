/** OpenAPI, from the schemas that also validate and serialize. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

const TAGS = [
  { name: 'models', description: 'what is kept on course, and by which policy' },
  { name: 'ingest', description: 'predictions, feedback and labelled rows' },
  { name: 'drift', description: 'monitors and incidents' },
  { name: 'runs', description: 'reasons to retrain, and what came of them' },
  { name: 'adapters', description: 'what is live, and was' },
  { name: 'datasets', description: 'what adapters were made from' },
  { name: 'records', description: 'why everything was decided' },
  { name: 'webhooks', description: 'who may call us, and whom we tell' },
  { name: 'keys', description: 'who may speak to the service' },
  { name: 'service', description: 'health and metrics' },
];

export async function describe(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Trimtab', version: '1', description: 'Keeps fine-tuned models on course.' },
      tags: TAGS,
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'an API key' } } },
      security: [{ apiKey: [] }],
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, i) => (typeof schema['$id'] === 'string' ? schema['$id'] : `def-${i}`) },
  });
}
