/** Headers that keep browsers from doing with our answers what they are not for. */
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

// The plugin builds its headers anew for each request, a policy above all: what is the same for every answer is set here once.
/** What the page needs: its own scripts, styles and requests, and nothing from anywhere else. */
export const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const POLICY = "default-src 'none'; frame-ancestors 'none'";
/** Off: what concerns old browsers or pages only, and HSTS, which belongs to whoever ends TLS. */
const OFF = {
  contentSecurityPolicy: false, strictTransportSecurity: false, xDnsPrefetchControl: false, xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false, xXssProtection: false, originAgentCluster: false, xPoweredBy: false,
} as const;

export async function guardHeaders(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.header('content-security-policy', POLICY).header('cache-control', 'no-store');
    done();
  });
  await app.register(helmet, OFF);
}
