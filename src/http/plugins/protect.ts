/**
 * Guards a scope: pressure, then the key and its role, then the rate. It holds for the routes registered in the scope and never
 * looks at URLs, so no spelling of a path gets round it; a route that does not say what it needs does not start.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LOCAL, type Auth, type Principal } from '../../auth/index.ts';
import { may, rolesThatMay, type Permission } from '../../auth/roles.ts';
import { TrimtabError } from '../../errors.ts';
import { MINUTE } from '../../vocabulary.ts';
import type { HttpLimits } from '../parts.ts';
import { refuseUnderPressure } from './pressure.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set in the protected scope only. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** What a protected route needs. */
    may?: Permission;
  }
}

export async function protect(scope: FastifyInstance, { auth, limits }: { auth: Auth; limits: HttpLimits }): Promise<void> {
  await refuseUnderPressure(scope, limits);
  scope.decorateRequest('principal');
  scope.addHook('onRequest', (request) => authorise(request, auth));
  scope.addHook('onRoute', (route) => {
    const needed = route.config?.may;
    if (needed === undefined) throw new Error(`route ${String(route.method)} ${route.url} does not say what it needs (config.may)`);
    route.schema = { ...route.schema, description: `Needs a key of role ${rolesThatMay(needed).join(', ')}.` };
    route.config = { ...route.config, rateLimit: { max: needed === 'ingest' ? limits.ingestPerMinute : limits.requestsPerMinute } };
  });
  await scope.register(rateLimit, {
    timeWindow: MINUTE,
    // Said when it matters, with the refusal.
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    keyGenerator: (request) => request.principal.id,
    errorResponseBuilder: (_request, { max, ttl }) => new TrimtabError('rate-limited', { limit: max, retryAfter: Math.ceil(ttl / 1000) }),
  });
}

async function authorise(request: FastifyRequest, auth: Auth): Promise<void> {
  const header = request.headers.authorization;
  const local = header === undefined && isLocal(request) && (await auth.isOpen());
  const principal = local ? LOCAL : await auth.authenticate(header);
  const needed = request.routeOptions.config.may;
  if (needed === undefined || !may(principal.role, needed)) {
    throw new TrimtabError('forbidden', { needed: needed === undefined ? 'none' : rolesThatMay(needed).join(' or '), key: principal.name, role: principal.role });
  }
  request.principal = principal;
}

const LOOPBACK_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$/i;

/** A caller of this machine that is no web page from elsewhere: pages can reach loopback under another name (DNS rebinding) or post across sites. */
function isLocal({ socket, headers }: FastifyRequest): boolean {
  const { host, origin } = headers;
  if (!LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') || host === undefined || !LOOPBACK_HOST.test(host)) return false;
  return origin === undefined || origin === `http://${host}`;
}
