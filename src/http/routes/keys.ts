/** Who may speak to the service. */
import Type from 'typebox';
import type { NewKey } from '../../auth/index.ts';
import { ROLES } from '../../vocabulary.ts';
import { audited } from '../audited.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { IdParams, list, oneOf, orNull, strict, text, time } from '../schemas/common.ts';
import { KeyView } from '../schemas/views.ts';
import type { TypedApp } from './app.ts';

const tags = ['keys'];
const KeyBody = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f]*$', description: 'who uses it; stands in records' }), role: oneOf(ROLES) },
  strict,
);
const Made = Type.Unsafe<NewKey>(
  Type.Object({ id: text(), name: text(), role: oneOf(ROLES), createdAt: time(), revokedAt: orNull(time()), key: text('shown this once') }),
);

export function keyRoutes(app: TypedApp, { auth, audit }: Pick<HttpParts, 'auth' | 'audit'>): void {
  const config = { may: 'administer' } as const;
  app.post('/v1/keys', { config, schema: { tags, summary: 'Make a key', body: KeyBody, response: answers(201, Made, BODY) } }, async (request, reply) =>
    reply.code(201).send(await audited(audit, request, { action: 'make-key', subject: request.body.name }, () => auth.create(request.body), ({ id, role }) => `${role}, ${id}`)),
  );

  app.get('/v1/keys', { config, schema: { tags, summary: 'All keys, revoked ones too', response: answers(200, list(KeyView)) } }, () => auth.list());

  app.delete(
    '/v1/keys/:id',
    { config, schema: { tags, summary: 'Revoke a key', params: IdParams, response: answers(204, Type.Null({ description: 'revoked' }), [400, 404]) } },
    async (request, reply) => {
      await audited(audit, request, { action: 'revoke-key', subject: request.params.id }, () => auth.revoke(request.params.id));
      return reply.code(204).send(null);
    },
  );
}
