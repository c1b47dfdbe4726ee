/** Actions on the record: who, in which role, on what, and why. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Deed } from '../audit.ts';
import type { HttpParts } from './parts.ts';
import { strict } from './schemas/common.ts';

export type What = Pick<Deed, 'action' | 'subject'> & { readonly model?: string | null; readonly reason?: string | undefined };

/** Does the work as the caller of a request, between the two lines of its entry in the audit. `tell`: what came of it, where the action's name does not say. */
export function audited<T>(audit: HttpParts['audit'], { principal }: Pick<FastifyRequest, 'principal'>, { action, subject, model, reason }: What, work: () => Promise<T>, tell?: (result: T) => string): Promise<T> {
  return audit.during({ who: principal.name, role: principal.role, action, model: model ?? null, subject, reason: reason ?? null }, work, tell);
}

/** The body of an action that needs no more than a reason, and not even that. */
export const ReasonBody = Type.Object({ reason: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: 'for the audit' })) }, strict);

/** Lets such an action be asked for without a body. */
export function allowNoBody(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    request.body ??= {};
    done();
  });
}
