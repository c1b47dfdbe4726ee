/** The formats in a table: how each is read, and how its requests can prove where they come from, the usual way first. */
import type { WebhookAuth, WebhookSource } from '../../vocabulary.ts';
import { parseAlertmanager } from './alertmanager.ts';
import { parseCloudEvents } from './cloudevents.ts';
import { parseGithub } from './github.ts';
import type { Parse } from './message.ts';
import { parseStandard, parseTrimtab } from './plain.ts';

export const FORMATS: Readonly<Record<WebhookSource, { readonly parse: Parse; readonly auths: readonly [WebhookAuth, ...WebhookAuth[]] }>> = {
  standard: { parse: parseStandard, auths: ['standard'] },
  github: { parse: parseGithub, auths: ['github'] },
  alertmanager: { parse: parseAlertmanager, auths: ['bearer', 'basic'] },
  cloudevents: { parse: parseCloudEvents, auths: ['bearer', 'basic', 'standard'] },
  trimtab: { parse: parseTrimtab, auths: ['standard', 'bearer', 'basic'] },
};

/** True when a source wants messages of this type: `release` takes `release.published`, `push:refs/heads/main` only itself. */
export function wants(types: readonly string[], type: string): boolean {
  return types.length === 0 || types.some((wanted) => type === wanted || (type.startsWith(wanted) && '.:'.includes(type.charAt(wanted.length))));
}
