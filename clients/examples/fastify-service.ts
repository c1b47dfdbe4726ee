/**
 * A fastify service that answers with a model of its own, and lets Trimtab watch it: every answer is logged as a prediction, every correction as feedback.
 *
 *     TRIMTAB_URL=http://127.0.0.1:8080 node clients/examples/fastify-service.ts
 */
import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { createClient } from '../typescript/index.ts';

export interface Classified {
  readonly label: string;
  readonly confidence: number;
}

/** `classify` is your model; `model` the name under which Trimtab knows it. */
export function createService(options: { trimtabUrl: string; key?: string; model: string; classify: (text: string) => Promise<Classified> }) {
  const { trimtabUrl, key, model, classify } = options;
  const app = fastify({ logger: { level: 'warn' } });
  const trimtab = createClient({ url: trimtabUrl, ...(key === undefined ? {} : { key }) });
  const onLost = (row: object, reason: string) => app.log.warn({ row, reason }, 'trimtab did not take a row');
  const predictions = trimtab.predictionBatches({ onLost });
  const feedback = trimtab.feedbackBatches({ onLost });

  app.post<{ Body: { text: string } }>('/classify', async ({ body: { text } }) => {
    const answer = await classify(text);
    const id = randomUUID();
    // never waits for Trimtab: over the bound a row is dropped, and said
    if (!predictions.add({ model, id, input: text, ...answer, occurredAt: new Date().toISOString() })) app.log.warn({ id }, 'too many rows wait for trimtab');
    return { id, ...answer };
  });

  app.post<{ Params: { id: string }; Body: { label: string } }>('/corrections/:id', async ({ params, body }, reply) => {
    feedback.add({ model, predictionId: params.id, label: body.label });
    return reply.code(202).send({});
  });

  app.addHook('onClose', async () => {
    await predictions.close();
    await feedback.close();
  });
  return app;
}

if (import.meta.main) {
  const classify = (text: string) => Promise.resolve({ label: text.includes('?') ? 'question' : 'statement', confidence: 0.9 });
  await createService({ trimtabUrl: process.env['TRIMTAB_URL'] ?? 'http://127.0.0.1:8080', model: 'router', classify }).listen({ port: 3000 });
}
