/** Builds the HTTP server from explicit parts: two scopes, one public, one behind keys. It does not listen. */
import v8 from 'node:v8';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { TrimtabError } from '../errors.ts';
import { MINUTE, SECOND } from '../vocabulary.ts';
import type { HttpLimits, HttpParts } from './parts.ts';
import { answerErrors, sendProblem } from './plugins/errors.ts';
import { guardHeaders } from './plugins/headers.ts';
import { describe } from './plugins/openapi.ts';
import { refuseUnderPressure } from './plugins/pressure.ts';
import { protect } from './plugins/protect.ts';
import { requestId } from './plugins/request-id.ts';
import { refuseUnstorable } from './plugins/storable.ts';
import { adapterRoutes } from './routes/adapters.ts';
import { auditRoutes } from './routes/audit.ts';
import { datasetRoutes } from './routes/datasets.ts';
import { driftRoutes } from './routes/drift.ts';
import { ingestRoutes } from './routes/ingest.ts';
import { keyRoutes } from './routes/keys.ts';
import { modelRoutes } from './routes/models.ts';
import { overviewRoutes } from './routes/overview.ts';
import { performanceRoutes } from './routes/performance.ts';
import { predictRoutes } from './routes/predict.ts';
import { queueRoutes } from './routes/queue.ts';
import { recordRoutes } from './routes/records.ts';
import { runRoutes, triggerRoutes } from './routes/runs.ts';
import { serviceRoutes } from './routes/service.ts';
import { streamRoutes } from './routes/stream.ts';
import { uiRoutes } from './routes/ui.ts';
import { receiveRoutes } from './routes/webhooks.ts';
import { deliveryRoutes } from './routes/webhook-deliveries.ts';
import { endpointRoutes } from './routes/webhook-endpoints.ts';
import { sourceRoutes } from './routes/webhook-sources.ts';
import { ProblemSchema } from './schemas/answers.ts';
import { OVERVIEW_VIEWS } from './schemas/overview.ts';
import { VIEWS } from './schemas/views.ts';

export const HTTP_LIMITS: HttpLimits = {
  bodyBytes: 8 * 1024 * 1024,
  requestsPerMinute: 6_000,
  // 10,000 a second of one key: five times the goal, so that it only stops a loop gone mad
  ingestPerMinute: 600_000,
  eventLoopDelayMs: SECOND,
  heapBytes: 0.9 * v8.getHeapStatistics().heap_size_limit,
  sampleMs: SECOND,
};

const DOMAIN_ROUTES = [modelRoutes, overviewRoutes, predictRoutes, driftRoutes, performanceRoutes, triggerRoutes, runRoutes, adapterRoutes, recordRoutes, auditRoutes, datasetRoutes, queueRoutes, sourceRoutes, endpointRoutes, deliveryRoutes, keyRoutes, streamRoutes];

/** Built and ready to listen; `inject` works at once. */
export async function createServer(parts: HttpParts): Promise<FastifyInstance> {
  const limits = { ...HTTP_LIMITS, ...parts.limits };
  const app = fastify({
    loggerInstance: parts.log as FastifyBaseLogger,
    // A line a request at 2,000 requests/s is noise: metrics count them, errors are logged where they are answered.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: 2 * MINUTE,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Pages of other sites can send text/plain without asking first; nothing here needs it.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  for (const schema of [ProblemSchema, ...VIEWS, ...OVERVIEW_VIEWS]) app.addSchema(schema);
  answerErrors(app, limits);
  answerWhileClosing(app);
  observe(app, parts);
  await guardHeaders(app);
  await describe(app);
  await app.register(async (scope) => serviceRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), parts));
  await app.register(async (scope) => uiRoutes(scope, parts.page));
  await app.register(async (scope) => {
    await refuseUnderPressure(scope, limits);
    receiveRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), parts);
  });
  await app.register(async (scope) => {
    await protect(scope, { auth: parts.auth, limits });
    await scope.register(async (inner) => ingestRoutes(inner.withTypeProvider<TypeBoxTypeProvider>(), parts));
    await scope.register(async (inner) => {
      refuseUnstorable(inner);
      for (const routes of DOMAIN_ROUTES) routes(inner.withTypeProvider<TypeBoxTypeProvider>(), parts);
    });
  });
  await app.ready();
  return app;
}

// Hooks of every request are in callback form: a promise for each would be most of what they cost.

/** What comes in on open connections once closing has begun is refused in the form of every other problem. */
function answerWhileClosing(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => void (closing = true));
  app.addHook('onRequest', (_request, reply, done) => {
    if (!closing) return done();
    void reply.header('connection', 'close');
    done(new TrimtabError('stopping'));
  });
}

function observe(app: FastifyInstance, { metrics }: HttpParts): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const seconds = reply.elapsedTime / 1000;
    const route = request.routeOptions.url ?? 'none';
    metrics.request({ id: request.id, method: request.method, route, status: reply.statusCode, seconds, problem: request.problem });
    request.log.debug({ method: request.method, route, status: reply.statusCode, seconds }, 'request');
    done();
  });
}
