/**
 * Server-sent events: what this replica's domains tell, to everybody who listens. Events of other replicas do not come here, and one
 * that a listener is too slow for is lost with its stream: whoever listens also asks now and then.
 */
import { PassThrough, type Readable } from 'node:stream';
import { TrimtabError } from '../errors.ts';
import type { EventMap, Events, EventType } from '../telemetry/events.ts';
import { SECOND } from '../vocabulary.ts';

/** What is worth a listener's while; batches, predictions and steps of monitors come too often, and panes sum them up. */
export const TOLD = ['pane:closed', 'incident:opened', 'incident:escalated', 'incident:state', 'trigger:decided', 'run:state', 'job:progress', 'promotion'] as const satisfies readonly EventType[];

export interface EventHub {
  /** A stream of the events of one model, or of all; it ends by itself after `seconds`, so that a key is looked at again. Throws `overloaded`. */
  open(filter: { readonly model?: string; readonly seconds: number }): Readable;
  /** Ends all streams. */
  close(): void;
}

const MOST_STREAMS = 500;
/** A listener that has not taken this many bytes is cut off, before memory grows. */
const MOST_BEHIND = 256 * 1024;
/** Proxies close connections that say nothing. */
const HEARTBEAT_MS = 15 * SECOND;

interface Listener {
  readonly model: string | undefined;
  readonly stream: PassThrough;
}

export function createEventHub(events: Pick<Events, 'on'>): EventHub {
  const listeners = new Set<Listener>();
  const send = ({ stream }: Listener, text: string) => {
    if (stream.writableLength > MOST_BEHIND) stream.destroy();
    else stream.write(text);
  };
  const tell = <T extends (typeof TOLD)[number]>(type: T) => events.on(type, (payload: EventMap[T]) => {
    if (listeners.size === 0) return;
    const text = `event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`;
    for (const listener of listeners) if (listener.model === undefined || listener.model === payload.model) send(listener, text);
  });
  const silences = TOLD.map(tell);
  const heartbeat = setInterval(() => {
    for (const listener of listeners) send(listener, ': \n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    open({ model, seconds }) {
      if (listeners.size >= MOST_STREAMS) throw new TrimtabError('overloaded', { what: `${MOST_STREAMS} streams of events are open`, retryAfter: 10 });
      const listener: Listener = { model, stream: new PassThrough() };
      listeners.add(listener);
      const timer = setTimeout(() => listener.stream.end(), seconds * SECOND);
      listener.stream.once('close', () => {
        clearTimeout(timer);
        listeners.delete(listener);
      });
      // the head of an answer goes out with its first bytes: without any, a listener would not know that it is heard
      listener.stream.write('retry: 2000\n\n');
      return listener.stream;
    },
    close() {
      clearInterval(heartbeat);
      for (const silence of silences) silence();
      for (const { stream } of listeners) stream.end();
    },
  };
}
