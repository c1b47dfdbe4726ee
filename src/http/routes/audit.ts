/** Who did what, and why. */
import Type from 'typebox';
import type { HttpParts } from '../parts.ts';
import { answers } from '../schemas/answers.ts';
import { DEFAULT_LIMIT, id, limit, list, strict } from '../schemas/common.ts';
import { AuditView } from '../schemas/overview.ts';
import type { TypedApp } from './app.ts';

const Query = Type.Object({ model: Type.Optional(id('of this model only')), before: Type.Optional(Type.Integer({ minimum: 1, description: 'id to page on from' })), limit }, strict);

export function auditRoutes(app: TypedApp, { audit }: Pick<HttpParts, 'audit'>): void {
  app.get(
    '/v1/audit',
    { config: { may: 'read' }, schema: { tags: ['records'], summary: 'Every action of a person or a key, newest first', querystring: Query, response: answers(200, list(AuditView), [400]) } },
    (request) => audit.list({ ...request.query, limit: request.query.limit ?? DEFAULT_LIMIT }),
  );
}
