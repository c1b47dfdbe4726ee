/**
 * GitHub. Its signature covers the body alone, neither the delivery's id nor a time: whoever holds a signed body could send it
 * again under another id, and would get one more run for each cooldown.
 */
import { headerOf } from '../../auth/webhook-signatures.ts';
import { bounded, isObject, jsonOf, line, nameOf, needed, objectOf, reason, type Json, type Parse } from './message.ts';

export const parseGithub: Parse = ({ headers, body }) => {
  const payload = objectOf(jsonOf(body), 'the body');
  const event = needed(headerOf(headers, 'x-github-event'), 'X-GitHub-Event', 'GitHub sends it with every delivery');
  const id = needed(headerOf(headers, 'x-github-delivery'), 'X-GitHub-Delivery', 'GitHub sends it with every delivery');
  // sent when the hook is made
  if (event === 'ping') return [];
  const type = typeOf(event, payload);
  const repository = line(member(payload, 'repository')['full_name']);
  const { ref, after, sender } = payload;
  return [{
    id,
    type,
    model: nameOf(member(payload, 'client_payload')['model']),
    why: reason(member(payload, 'client_payload')['why'], `GitHub: ${type}${repository === '' ? '' : ` in ${repository}`}`),
    evidence: bounded({ delivery: id, event, repository, ref, after, sender: isObject(sender) ? sender['login'] : undefined, clientPayload: payload['client_payload'] }),
  }];
};

/** `push:refs/heads/main`, `release.published`, `workflow_run.completed`: what a source can choose by. */
function typeOf(event: string, { action, ref }: Json): string {
  if (event === 'push') return `push:${line(ref)}`;
  return action === undefined ? event : `${event}.${line(action)}`;
}

const member = (payload: Json, name: string): Json => (isObject(payload[name]) ? payload[name] : {});
