/** Every error leaves as a problem document, also the ones before routing and for routes that do not exist. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TrimtabError, type ErrorCode } from '../../errors.ts';
import { errorsOf, inCatalogue, problemOf } from '../problems.ts';
import { PROBLEM_TYPE } from '../schemas/answers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Code of the problem that it was answered with; null when with none. */
    problem: ErrorCode | null;
  }
}

export function answerErrors(app: FastifyInstance, options: { readonly bodyBytes: number }): void {
  app.decorateRequest('problem', null);
  app.setErrorHandler((error, request, reply) => sendProblem(withLimit(error, options.bodyBytes), request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new TrimtabError('not-found', { what: 'route', id: `${request.method} ${request.url.split('?', 1)[0] ?? ''}` }), request, reply),
  );
}

/** Also for errors before routing, which no error handler sees. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = inCatalogue(thrown);
  const problem = problemOf(error, request.id, errorsOf(thrown));
  request.problem = error.code;
  request.log[error.entry.level]({ code: error.code, ...(problem.status >= 500 ? { err: error.cause ?? error } : {}) }, error.message);
  if (problem.retryAfter !== undefined) void reply.header('retry-after', Math.ceil(problem.retryAfter));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

/** The framework's error does not say where the limit is. */
function withLimit(error: unknown, bodyBytes: number): unknown {
  if ((error as { code?: string }).code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return error;
  return new TrimtabError('too-large', { what: 'the body', limit: `${bodyBytes} bytes` });
}
