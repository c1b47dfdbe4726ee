/** Webhooks: whom the service tells, and who may ask it for a run. */
import type { Endpoint, WebhookSource } from '../../http/api.ts';
import { count } from '../lib/format.ts';
import { useLoad, useNow } from '../lib/use.ts';
import { Empty, Head, Link, Section } from '../parts/basics.tsx';
import { EndpointState } from '../parts/endpoint-state.tsx';
import { Listed } from '../parts/listed.tsx';
import { NewEndpoint } from '../parts/new-endpoint.tsx';

export function WebhooksView() {
  const endpoints = useLoad<readonly Endpoint[]>('/v1/webhooks/endpoints', () => true);
  const sources = useLoad<readonly WebhookSource[]>('/v1/webhooks/sources');
  const now = useNow();
  return (
    <>
      <Head title="Webhooks" actions={<NewEndpoint taken={(endpoints.data ?? []).map(({ name }) => name)} onDone={endpoints.reload} />}><p class="muted">Whom this service tells what happens, and who may ask it for a run.</p></Head>
      <Section title="Out">
        <Listed
          of={endpoints}
          what="endpoints"
          caption="Endpoints"
          head={['Endpoint', 'State', 'Form', 'Of', { text: 'Waiting', number: true }, 'Is told']}
          row={(each) => ({ key: each.name, cells: cellsOf(each, now) })}
          empty={<Empty title="Nobody is told anything yet."><p>“New endpoint” registers a URL, such as a chat’s incoming webhook, and sends it a message to try.</p></Empty>}
        />
      </Section>
      <Section title="In">
        <Listed
          of={sources}
          what="sources"
          caption="Sources"
          head={['Source', 'Speaks', 'Proves itself by', 'Of', 'Takes', { text: 'Secrets', number: true }]}
          row={sourceRow}
          empty={<Empty title="No other system may ask for a run yet."><p>An admin registers one with <code>PUT /v1/webhooks/sources/NAME</code>: Standard Webhooks, GitHub, Alertmanager, CloudEvents, or our own small form.</p></Empty>}
        />
      </Section>
    </>
  );
}

function cellsOf(endpoint: Endpoint, now: number) {
  const { name, host, target, model, types, pending } = endpoint;
  return [
    <><Link to={{ view: 'endpoint', id: name }}><b>{name}</b></Link><div class="small muted">{host}</div></>,
    <EndpointState of={endpoint} now={now} />, target, model ?? 'all models', count(pending), <span class="small">{types.join(', ')}</span>,
  ];
}

function sourceRow({ name, format, auth, model, types, secrets }: WebhookSource) {
  return { key: name, cells: [<b>{name}</b>, format, auth, model ?? <span class="muted">each message names its model</span>, types.join(', ') || 'all', count(secrets)] };
}
