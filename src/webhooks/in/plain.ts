/** Standard Webhooks' envelope, and our own small schema for whoever calls us with a shell script. */
import { bounded, isObject, jsonOf, line, nameOf, needed, objectOf, reason, unreadable, type Json, type Parse, type Request } from './message.ts';

/** `{type, timestamp, data}`: the model and the reason stand in `data`. */
export const parseStandard: Parse = (request) => {
  const envelope = objectOf(jsonOf(request.body), 'the body');
  const type = needed(envelope['type'], 'type', 'Standard Webhooks: {"type": "...", "timestamp": "...", "data": {...}}');
  const data: Json = isObject(envelope['data']) ? envelope['data'] : {};
  return [{ id: idOf(request, undefined), type, model: nameOf(data['model']), why: reason(data['why'], `webhook ${type}`), evidence: bounded(data) }];
};

const OWN = ['id', 'type', 'model', 'why', 'evidence'];

/** `{id, type, model, why, evidence}`: nothing but the id, when no signature covers one, is needed. */
export const parseTrimtab: Parse = (request) => {
  const own = objectOf(jsonOf(request.body), 'the body');
  const unknown = Object.keys(own).find((key) => !OWN.includes(key));
  if (unknown !== undefined) throw unreadable('the body', `it has a field "${line(unknown)}"`, `${OWN.join(', ')} are all there are`);
  const type = line(own['type']) || 'webhook';
  return [{ id: idOf(request, own['id']), type, model: nameOf(own['model']), why: reason(own['why'], `asked for (${type})`), evidence: bounded(own['evidence']) }];
};

/** The id that is signed stands before one that only somebody wrote. */
function idOf({ signedId, headers }: Request, given: unknown): string {
  return signedId ?? needed(given ?? headers['webhook-id'], 'id', 'give the message an id, the same when it is sent again');
}
