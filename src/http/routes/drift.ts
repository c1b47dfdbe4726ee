/** Monitors and incidents. */
import Type from 'typebox';
import { INCIDENT_STATES } from '../../vocabulary.ts';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { allowNoBody, audited, ReasonBody } from '../audited.ts';
import type { HttpParts } from '../parts.ts';
import { answers, BODY } from '../schemas/answers.ts';
import { id, IdParams, list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { DriftView, IncidentView, ReplayView } from '../schemas/views.ts';
import { tellTime } from '../service-time.ts';
import type { TypedApp } from './app.ts';

const tags = ['drift'];
const Query = Type.Object({ model: Type.Optional(id('of this model only')), state: Type.Optional(oneOf(INCIDENT_STATES)) }, strict);
const ResolveBody = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2_000, description: 'for the record' }) }, strict);

const MuteBody = Type.Object({ for: Type.String({ pattern: '^[1-9][0-9]{0,5}(s|m|h|d)$', description: 'such as 2h' }), reason: Type.String({ minLength: 1, maxLength: 2_000, description: 'for the record' }) }, strict);

export function driftRoutes(app: TypedApp, { drift, audit, clock }: Pick<HttpParts, 'drift' | 'audit' | 'clock'>): void {
  const { incidents } = drift;
  const read = { may: 'read' } as const;
  const operate = { may: 'operate' } as const;
  app.get(
    '/v1/models/:name/drift',
    { config: read, schema: { tags, summary: 'How far a model is off course', params: ModelParams, response: answers(200, ref(DriftView), [400, 404]) } },
    (request) => drift.report(request.params.name),
  );

  app.get(
    '/v1/incidents',
    { config: read, schema: { tags, summary: 'Incidents, newest first, 200 at most', querystring: Query, response: answers(200, list(IncidentView), [400]) } },
    (request) => incidents.list(request.query),
  );

  app.get(
    '/v1/incidents/:id',
    { config: read, schema: { tags, summary: 'An incident with its evidence', params: IdParams, response: answers(200, ref(IncidentView), [400, 404]) } },
    (request, reply) => {
      tellTime(reply, clock);
      return incidents.get(request.params.id);
    },
  );

  void app.register(async (scope) => {
    allowNoBody(scope);
    scope.withTypeProvider<TypeBoxTypeProvider>().post(
      '/v1/incidents/:id/acknowledge',
      { config: operate, schema: { tags, summary: 'Somebody has seen it; it stays latched', params: IdParams, body: ReasonBody, response: answers(200, ref(IncidentView), [...BODY, 404]) } },
      async (request) => {
        const { id, model } = await incidents.get(request.params.id);
        return audited(audit, request, { action: 'acknowledge', model, subject: id, reason: request.body.reason }, () => incidents.acknowledge(id, request.principal.name));
      },
    );
  });

  app.get(
    '/v1/incidents/:id/replay',
    { config: read, schema: { tags, summary: 'Each of its alarms, computed again from the stored evidence', params: IdParams, response: answers(200, list(ReplayView), [400, 404]) } },
    (request) => incidents.replay(request.params.id),
  );

  app.post(
    '/v1/incidents/:id/mute',
    { config: operate, schema: { tags, summary: 'For a time it raises no events and starts no triggers', params: IdParams, body: MuteBody, response: answers(200, ref(IncidentView), [...BODY, 404, 409]) } },
    async (request) => {
      const { id, model } = await incidents.get(request.params.id);
      const { reason } = request.body;
      return audited(audit, request, { action: 'mute', model, subject: id, reason }, () => incidents.mute(id, { ...request.body, by: request.principal.name }));
    },
  );

  app.post(
    '/v1/incidents/:id/unmute',
    { config: operate, schema: { tags, summary: 'Ends that before its time', params: IdParams, body: ResolveBody, response: answers(200, ref(IncidentView), [...BODY, 404, 409]) } },
    async (request) => {
      const { id, model } = await incidents.get(request.params.id);
      const { reason } = request.body;
      return audited(audit, request, { action: 'unmute', model, subject: id, reason }, () => incidents.unmute(id, { reason, by: request.principal.name }));
    },
  );

  app.post(
    '/v1/incidents/:id/resolve',
    { config: operate, schema: { tags, summary: 'Lets the monitor alarm anew', params: IdParams, body: ResolveBody, response: answers(200, ref(IncidentView), [...BODY, 404]) } },
    async (request) => {
      const { id, model } = await incidents.get(request.params.id);
      const { reason } = request.body;
      return audited(audit, request, { action: 'resolve', model, subject: id, reason }, () => incidents.resolve(id, reason, request.principal.name));
    },
  );
}
