/** What happens, while it happens: server-sent events. */
import type { Readable } from 'node:stream';
import Type from 'typebox';
import { TOLD } from '../event-hub.ts';
import type { HttpParts } from '../parts.ts';
import { answers } from '../schemas/answers.ts';
import { id, strict } from '../schemas/common.ts';
import type { TypedApp } from './app.ts';

const LONGEST_SECONDS = 600;
const Query = Type.Object(
  {
    model: Type.Optional(id('of this model only')),
    seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: LONGEST_SECONDS, description: `the stream ends after so many, ${LONGEST_SECONDS} when left out; open it again then` })),
  },
  strict,
);
const Stream = Type.Unsafe<Readable>({ type: 'string', description: `server-sent events (text/event-stream) of this replica: ${TOLD.join(', ')}; data is JSON` });

export function streamRoutes(app: TypedApp, { hub }: Pick<HttpParts, 'hub'>): void {
  // a server waits for open answers when it closes, and these would never end
  app.addHook('preClose', async () => hub.close());
  app.get(
    '/v1/events',
    { config: { may: 'read' }, schema: { tags: ['service'], summary: 'What happens, as server-sent events', produces: ['text/event-stream'], querystring: Query, response: answers(200, Stream, [400]) } },
    async (request, reply) => {
      const { model, seconds = LONGEST_SECONDS } = request.query;
      // proxies that collect an answer before they pass it on would make a stream of nothing
      void reply.type('text/event-stream').header('x-accel-buffering', 'no');
      return hub.open({ seconds, ...(model === undefined ? {} : { model }) });
    },
  );
}
