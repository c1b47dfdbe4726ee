/**
 * Prometheus' Alertmanager, payload version 4. It signs nothing, sends no id, repeats a firing alert every `repeat_interval` and,
 * as a pair, twice: an alert is known by its fingerprint and when it began to fire, so a repetition is one and the next time is not.
 */
import { bounded, isObject, jsonOf, line, nameOf, needed, objectOf, reason, unreadable, type Json, type Message, type Parse } from './message.ts';

export const parseAlertmanager: Parse = ({ body }) => {
  const payload = objectOf(jsonOf(body), 'the body');
  if (payload['version'] !== '4') throw unreadable('version', `it is ${JSON.stringify(payload['version'] ?? null)}`, 'this reads version "4" of Alertmanager\'s payload');
  const alerts = payload['alerts'];
  if (!Array.isArray(alerts)) throw unreadable('alerts', 'it is no list', 'send what Alertmanager sends');
  // resolved alerts come unasked (send_resolved): good news is no reason to retrain
  return alerts.filter((alert: unknown) => isObject(alert) && alert['status'] === 'firing').map((alert: Json, at) => messageOf(alert, payload, at));
};

function messageOf(alert: Json, payload: Json, at: number): Message {
  const labels = objectOf(alert['labels'] ?? {}, `alerts/${at}/labels`);
  const annotations = objectOf(alert['annotations'] ?? {}, `alerts/${at}/annotations`);
  const fingerprint = needed(alert['fingerprint'], `alerts/${at}/fingerprint`, 'Alertmanager 0.19 and later send it');
  const startsAt = needed(alert['startsAt'], `alerts/${at}/startsAt`, 'send what Alertmanager sends');
  const type = line(labels['alertname']) || 'alert';
  return {
    id: `${fingerprint}:${startsAt}`,
    type,
    model: nameOf(labels['model']),
    why: reason(annotations['summary'] ?? annotations['description'], `alert ${type} fires`),
    evidence: bounded({ groupKey: payload['groupKey'], receiver: payload['receiver'], labels, annotations, startsAt, truncatedAlerts: payload['truncatedAlerts'] }),
  };
}
