/** CloudEvents 1.0 over HTTP: structured, binary, and batches of structured ones. An event is known by its source and id. */
import { sha256 } from '../../canonical.ts';
import { headerOf, type WebhookHeaders } from '../../auth/webhook-signatures.ts';
import { bounded, isObject, jsonOf, line, nameOf, needed, objectOf, reason, unreadable, type Json, type Message, type Parse } from './message.ts';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const ATTRIBUTES = ['specversion', 'id', 'source', 'type', 'subject', 'time'];
const RIGHT = 'CloudEvents 1.0 needs specversion, id, source and type';

export const parseCloudEvents: Parse = (request) => {
  const mediaType = (headerOf(request.headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === STRUCTURED) return [messageOf(objectOf(jsonOf(request.body), 'the event'), 'the event')];
  if (mediaType === BATCH) {
    const events = jsonOf(request.body);
    if (!Array.isArray(events)) throw unreadable('the body', 'it is no list', `${BATCH} is a list of events`);
    return events.map((event, at) => messageOf(objectOf(event, `event ${at}`), `event ${at}`));
  }
  const event = messageOf({ ...binaryAttributes(request.headers), data: dataOf(mediaType, request.body) }, 'the ce- headers');
  // a signature covers the body and its own id, not these headers
  return [request.signedId === null ? event : { ...event, id: request.signedId }];
};

function messageOf(event: Json, what: string): Message {
  if (event['specversion'] !== '1.0') throw unreadable(`specversion in ${what}`, `it is ${JSON.stringify(event['specversion'] ?? null)}`, RIGHT);
  const [id, source, type] = ['id', 'source', 'type'].map((name) => needed(event[name], `${name} in ${what}`, RIGHT)) as [string, string, string];
  const data = isObject(event['data']) ? event['data'] : {};
  return {
    id: `ce-${sha256(JSON.stringify([source, id]))}`,
    type,
    model: nameOf(data['model']) ?? nameOf(event['subject']),
    why: reason(data['why'], `${type} from ${source}`),
    evidence: bounded({ source, id, type, subject: event['subject'], time: event['time'], data: event['data'] }),
  };
}

/** In the binary form attributes are headers, percent-encoded. */
function binaryAttributes(headers: WebhookHeaders): Json {
  return Object.fromEntries(ATTRIBUTES.map((name) => [name, decoded(headerOf(headers, `ce-${name}`))]));
}

function decoded(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    // a percent sign that encodes nothing
    return line(value);
  }
}

/** Data that is no JSON is not looked into. */
function dataOf(mediaType: string | undefined, body: Buffer): unknown {
  return body.length > 0 && (mediaType === 'application/json' || mediaType?.endsWith('+json') === true) ? jsonOf(body) : undefined;
}
