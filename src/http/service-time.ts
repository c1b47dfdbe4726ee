/** The service's time, in a header: whoever shows how long ago something was, or until when, must reckon with the service's clock, not with their own. */
import type { FastifyReply } from 'fastify';
import type { Clock } from '../clock.ts';

export function tellTime(reply: FastifyReply, clock: Clock): void {
  void reply.header('x-trimtab-time', clock.now().toISOString());
}
