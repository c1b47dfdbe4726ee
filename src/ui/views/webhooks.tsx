/** Webhooks: whom the service tells, and who may ask it for a run. */
import type { Endpoint, WebhookSource } from '../../http/api.ts';
import { ago, count } from '../lib/format.ts';
import { useLoad, useNow } from '../lib/use.ts';
import { Empty, Head, Link, Section, Show, State, Table } from '../parts/basics.tsx';
import { NewEndpoint } from '../parts/new-endpoint.tsx';

export function WebhooksView() {
  const endpoints = useLoad<readonly Endpoint[]>('/v1/webhooks/endpoints', () => true);
  const sources = useLoad<readonly WebhookSource[]>('/v1/webhooks/sources');
  const now = useNow();
  return (
    <>
      <Head title="Webhooks" actions={<NewEndpoint onDone={endpoints.reload} />}><p class="muted">Whom this service tells what happens, and who may ask it for a run.</p></Head>
      <Section title="Out">
        <Show of={endpoints} what="endpoints">
          {(list) => (
            <div class="panel">
              <Table
                caption="Endpoints"
                head={['Endpoint', 'State', 'Form', 'Of', { text: 'Waiting', number: true }, 'Is told']}
                rows={list.map((each) => ({ key: each.name, cells: rowOf(each, now) }))}
                empty={<Empty title="Nobody is told anything yet."><p>“New endpoint” registers a URL, such as a chat’s incoming webhook, and sends it a message to try.</p></Empty>}
              />
            </div>
          )}
        </Show>
      </Section>
      <Section title="In">
        <Show of={sources} what="sources">
          {(list) => (
            <div class="panel">
              <Table
                caption="Sources"
                head={['Source', 'Speaks', 'Proves itself by', 'Of', 'Takes', { text: 'Secrets', number: true }]}
                rows={list.map(({ name, format, auth, model, types, secrets }) => ({ key: name, cells: [<b>{name}</b>, format, auth, model ?? <span class="muted">each message names its model</span>, types.join(', ') || 'all', count(secrets)] }))}
                empty={<Empty title="No other system may ask for a run yet."><p>An admin registers one with <code>PUT /v1/webhooks/sources/NAME</code>: Standard Webhooks, GitHub, Alertmanager, CloudEvents, or our own small form.</p></Empty>}
              />
            </div>
          )}
        </Show>
      </Section>
    </>
  );
}

function rowOf({ name, host, target, model, types, pending, failingSince, disabledAt, disabledWhy }: Endpoint, now: number) {
  return [
    <><Link to={{ view: 'endpoint', id: name }}><b>{name}</b></Link><div class="small muted">{host}</div></>,
    disabledAt !== null ? <><State is="bad">disabled</State><div class="small muted">{disabledWhy}</div></> : failingSince !== null ? <State is="bad">failing since {ago(failingSince, now).replace(' ago', '')}</State> : <State is="good">in order</State>,
    target, model ?? 'all models', count(pending), <span class="small">{types.join(', ')}</span>,
  ];
}
