/** What an endpoint is sent: Standard Webhooks' envelope, a message for a Slack hook, or an event for PagerDuty (Events API v2). */
import { SECOND, type WebhookTarget, type WebhookType } from '../../vocabulary.ts';

/** What there is to tell. `type` test: somebody tries the endpoint. */
export interface Told {
  readonly id: string;
  readonly type: WebhookType | 'test';
  readonly model: string | null;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** PagerDuty wakes people: it hears of what calls for one, and when that is over. */
export const PAGING_TYPES: readonly WebhookType[] = ['incident.opened', 'incident.escalated', 'incident.acknowledged', 'incident.resolved', 'rollback', 'webhook.disabled'];

/** The body for a target. `routingKey`: PagerDuty's. */
export function render(target: WebhookTarget, told: Told, routingKey: string | null): string {
  return JSON.stringify(TEMPLATES[target](told, routingKey));
}

const TEMPLATES: Readonly<Record<WebhookTarget, (told: Told, routingKey: string | null) => unknown>> = {
  standard: ({ type, at, model, data }) => ({ type, timestamp: at.toISOString(), data: { model, ...data } }),
  slack(told) {
    const text = `${ICON[told.type] ?? ':information_source:'} *${escaped(told.model ?? 'trimtab')}*: ${escaped(sentence(told))}`;
    const context = `${told.type} at <!date^${Math.floor(told.at.getTime() / SECOND)}^{date_short_pretty} {time_secs}|${told.at.toISOString()}>`;
    return {
      text: `${told.model ?? 'trimtab'}: ${sentence(told)}`,
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text } },
        { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
      ],
    };
  },
  pagerduty: (told, routingKey) => ({
    routing_key: routingKey,
    event_action: ACTION[told.type] ?? 'trigger',
    dedup_key: dedupKey(told),
    payload: {
      summary: `${told.model ?? 'trimtab'}: ${sentence(told)}`.slice(0, 1_024),
      source: told.model ?? 'trimtab',
      severity: severityOf(told),
      timestamp: told.at.toISOString(),
      component: 'trimtab',
      class: told.type,
      custom_details: told.data,
    },
  }),
};

const ICON: Readonly<Partial<Record<Told['type'], string>>> = {
  'incident.opened': ':rotating_light:', 'incident.escalated': ':rotating_light:', 'incident.resolved': ':white_check_mark:', promotion: ':rocket:', rollback: ':leftwards_arrow_with_hook:', 'webhook.disabled': ':no_entry:',
};
const ACTION: Readonly<Partial<Record<Told['type'], string>>> = { 'incident.acknowledged': 'acknowledge', 'incident.resolved': 'resolve' };

/** PagerDuty's, of an incident's level: its rules keep what is no more than information from waking anybody. */
const SEVERITY: Readonly<Record<string, string>> = { page: 'critical', ticket: 'warning', log: 'info' };

function severityOf({ type, data }: Told): string {
  if (type === 'test') return 'info';
  return type === 'webhook.disabled' ? 'error' : (SEVERITY[String(data['level'])] ?? 'warning');
}

/** Acknowledging and resolving speak of what was triggered: one key for the life of an incident. */
function dedupKey({ type, model, id, data }: Told): string {
  const about = data['incident'] ?? (type === 'rollback' ? `rollback:${model}:${String(data['seq'] ?? id)}` : type === 'webhook.disabled' ? `endpoint:${String(data['endpoint'] ?? id)}` : id);
  return `trimtab:${String(about)}`.slice(0, 255);
}

/** One sentence for a person. */
export function sentence({ type, data }: Told): string {
  const said = (name: string) => String(data[name] ?? 'none');
  const because = (name: string) => (typeof data[name] === 'string' ? `: ${data[name]}` : '');
  switch (type) {
    case 'incident.opened': return `${said('monitor')} has drifted${typeof data['effect'] === 'number' ? ` by ${data['effect'].toFixed(3)}` : ''} (incident ${said('incident')})`;
    case 'incident.escalated': return `incident ${said('incident')} (${said('monitor')}) is now of level ${said('level')}`;
    case 'incident.acknowledged': return `incident ${said('incident')} was acknowledged by ${said('acknowledgedBy')}`;
    case 'incident.resolved': return `incident ${said('incident')} is resolved`;
    case 'trigger.decided': return `trigger by ${said('reason')}: ${said('decision')}${because('why')}`;
    case 'run.state': return `run ${said('run')} goes on to ${said('state')}`;
    case 'run.outcome': return `run ${said('run')} ended, ${said('outcome')}${because('reason')}`;
    case 'promotion': return `${said('adapter')} is live${because('reason')}`;
    case 'rollback': return `back to ${said('adapter')} from ${said('previous')}${because('reason')}`;
    case 'webhook.disabled': return `webhook endpoint ${said('endpoint')} was disabled${because('why')}`;
    case 'test': return 'this is a test; nothing has happened';
  }
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
