/** The page itself: static files, public, since what they show comes through the API with the viewer's own key. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { PagePart } from '../parts.ts';
import { PAGE_POLICY } from '../plugins/headers.ts';

const hidden = { schema: { hide: true } } as const;
const HTML = 'text/html; charset=utf-8';

export async function uiRoutes(app: FastifyInstance, page: PagePart): Promise<void> {
  // Read each time: a page that is built anew names other assets. Only assets, whose names carry their digests, may be kept.
  app.get('/', hidden, async (_request, reply) => {
    void reply.header('content-security-policy', PAGE_POLICY).type(HTML);
    const { state, ...rest } = page.state();
    if (state === 'ready') return readFile(path.join(page.folder, 'index.html'));
    return reply.code(state === 'building' ? 200 : 503).send(state === 'building' ? BUILDING : missing('why' in rest ? rest.why : ''));
  });

  await app.register(fastifyStatic, {
    root: path.join(page.folder, 'assets'), prefix: '/assets/', index: false, decorateReply: false, cacheControl: false, suppressWarning: true, schemaHide: true,
    setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
  });
}

const plain = (title: string, body: string, head = '') =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${head}</head><body><h1>${title}</h1>${body}</body></html>`;

const BUILDING = plain('Trimtab', '<p>The page is being built; this takes a few seconds, and then it shows itself.</p>', '<meta http-equiv="refresh" content="2">');

const missing = (why: string) => plain('Trimtab', `<p>The page is not here: ${escape(why)}. The service itself runs.</p><p>Run <code>npm ci &amp;&amp; npm run build:ui</code> in its folder, then load this again. The API is described at <a href="/openapi.json">/openapi.json</a>.</p>`);

const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
