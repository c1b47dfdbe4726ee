/** One endpoint: how it stands, what it was told and will be, each attempt, and the ways to send again or give up. */
import { useState } from 'preact/hooks';
import type { Delivery, Endpoint, Tried, TriedDelivery } from '../../http/api.ts';
import { at, post, query, type ApiError } from '../lib/api.ts';
import { count, duration, moment } from '../lib/format.ts';
import { asApiError, useLoad, useNow, type Loaded } from '../lib/use.ts';
import { Action } from '../parts/action.tsx';
import { Empty, Facts, Head, ProblemBox, Section, Show, State, type Standing } from '../parts/basics.tsx';
import { EndpointState } from '../parts/endpoint-state.tsx';
import { Listed } from '../parts/listed.tsx';
import { TriedBox } from '../parts/tried.tsx';

const path = (name: string, ...rest: string[]) => at('/v1/webhooks/endpoints', name, ...rest);

export function EndpointView({ name }: { name: string }) {
  const endpoint = useLoad<Endpoint>(path(name), () => true);
  const deliveries = useLoad<readonly Delivery[]>(`${path(name, 'deliveries')}${query({ limit: 100 })}`, () => true);
  const [tried, setTried] = useState<Tried | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const now = useNow();
  const reload = () => {
    endpoint.reload();
    deliveries.reload();
  };
  const act = (work: Promise<unknown>) => void work.then(() => setError(null), (thrown: unknown) => setError(asApiError(thrown))).then(reload, () => {});
  const test = () => act(post<Tried>(path(name, 'test')).then(setTried));
  return (
    <>
      <Head
        crumbs={[{ to: { view: 'webhooks' }, text: 'Webhooks' }]}
        title={name}
        actions={endpoint.data === null ? undefined : <><button type="button" onClick={test}>Send a test message</button><Switch endpoint={endpoint.data} onDone={reload} /></>}
      />
      {error === null ? null : <ProblemBox error={error} />}
      {tried === null ? null : <TriedBox tried={tried} />}
      <Show of={endpoint} what="the endpoint">
        {(found) => (
          <>
            <EndpointFacts of={found} now={now} />
            <Section title="Deliveries"><DeliveryTable name={name} deliveries={deliveries} act={act} onDone={reload} /></Section>
          </>
        )}
      </Show>
    </>
  );
}

/** Keeps it from being told anything for a while, or ends that. */
function Switch({ endpoint: { name, disabledAt }, onDone }: { endpoint: Endpoint; onDone: () => void }) {
  const doing = (verb: 'disable' | 'enable') => (reason: string) => post(path(name, verb), { reason });
  if (disabledAt !== null) return <Action label="Enable …" title={`Tell ${name} again`} act={doing('enable')} onDone={onDone} primary>What happened meanwhile was kept. It is sent at once, in order.</Action>;
  return <Action label="Disable …" title={`Tell ${name} nothing`} act={doing('disable')} onDone={onDone}>It is told nothing until somebody enables it. What happens meanwhile is kept for 30 days.</Action>;
}

function EndpointFacts({ of: found, now }: { of: Endpoint; now: number }) {
  const { host, target, model, types, pending, updatedAt } = found;
  return (
    <div class="section">
      <Facts of={[
        ['state', <EndpointState of={found} now={now} />], ['waiting', count(pending)], ['leads to', <span class="mono">{host}</span>], ['form', target], ['of', model ?? 'all models'], ['last changed', moment(updatedAt)],
      ]} />
      <p class="small muted">Is told: {types.join(', ')}</p>
    </div>
  );
}

const STANDING: Readonly<Record<string, Standing>> = { delivered: 'good', pending: 'busy' };

interface Deeds {
  readonly act: (work: Promise<unknown>) => void;
  readonly onDone: () => void;
}

function DeliveryTable({ name, deliveries, ...deeds }: { name: string; deliveries: Loaded<readonly Delivery[]> } & Deeds) {
  return (
    <Listed
      of={deliveries}
      what="deliveries"
      caption="Deliveries, newest first"
      head={['When', 'What', 'State', 'Attempts', 'Do']}
      row={(delivery) => ({ key: delivery.id, cells: cellsOf(name, delivery, deeds) })}
      empty={<Empty title="It has not been told anything yet."><p>“Send a test message” tries it now.</p></Empty>}
    />
  );
}

function cellsOf(name: string, { id, at: time, type, model, state, attempts, dueAt }: Delivery, { act, onDone }: Deeds) {
  const skip = (reason: string) => post(path(name, 'deliveries', id, 'skip'), { reason });
  return [
    <span class="nowrap">{moment(time, true)}</span>,
    <>{type}<div class="small muted">{model ?? ''} {id}</div></>,
    <><State is={STANDING[state] ?? 'quiet'}>{state}</State>{state === 'pending' ? <div class="small muted">next at {moment(dueAt, true)}</div> : null}</>,
    <Attempts name={name} id={id} count={attempts} />,
    <span class="chart-tools">
      <button type="button" onClick={() => act(post(path(name, 'deliveries', id, 'replay')))}>Replay</button>
      {state === 'pending' ? <Action label="Skip …" title="Give this delivery up" act={skip} onDone={onDone}>{name} is never told of it, unless somebody replays it; what waits behind it goes on.</Action> : null}
    </span>,
  ];
}

/** Loaded when somebody looks. */
function Attempts({ name, id, count }: { name: string; id: string; count: number }) {
  const [open, setOpen] = useState(false);
  const delivery = useLoad<TriedDelivery>(open ? path(name, 'deliveries', id) : null);
  if (count === 0) return <span class="muted">none yet</span>;
  return <details onToggle={(event) => setOpen(event.currentTarget.open)}><summary>{count}</summary><AttemptList of={delivery} /></details>;
}

function AttemptList({ of }: { of: Loaded<TriedDelivery> }) {
  return <Show of={of} what="attempts">{({ tried }) => <ol class="small">{tried.map(({ n, at: time, status, problem, seconds }) => <li key={n}>{moment(time, true)}: {problem ?? 'delivered'}{status === null ? '' : ` (${status})`}, {duration(seconds * 1000)}</li>)}</ol>}</Show>;
}
