/** 503 with Retry-After while this replica is over its limits, so that it sheds load before memory grows or answers take seconds. */
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { TrimtabError } from '../../errors.ts';
import { SECOND } from '../../vocabulary.ts';
import type { HttpLimits } from '../parts.ts';

// Building the server (compiling its schemas) blocks the loop for a second or so: that is in the first samples and says nothing of load.
const GRACE_MS = 5 * SECOND;

export async function refuseUnderPressure(scope: FastifyInstance, limits: HttpLimits): Promise<void> {
  let graceUntil = Infinity;
  scope.addHook('onReady', async () => void (graceUntil = performance.now() + GRACE_MS));
  await scope.register(underPressure, {
    maxEventLoopDelay: limits.eventLoopDelayMs,
    maxHeapUsedBytes: limits.heapBytes,
    sampleInterval: limits.sampleMs,
    pressureHandler: (_request, _reply, type) => {
      if (type === underPressure.TYPE_EVENT_LOOP_DELAY && performance.now() < graceUntil) return;
      return Promise.reject(new TrimtabError('overloaded', { what: `this replica is over its limit of ${type}`, retryAfter: 2 }));
    },
  });
}
