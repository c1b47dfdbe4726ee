/** One endpoint: what it was told and will be, each attempt, and the ways to send again or give up. */
import { useState } from 'preact/hooks';
import type { Delivery, Endpoint, Tried, TriedDelivery } from '../../http/api.ts';
import { at, post, query, type ApiError } from '../lib/api.ts';
import { duration, moment } from '../lib/format.ts';
import { asApiError, useLoad, type Loaded } from '../lib/use.ts';
import { Empty, Head, ProblemBox, Section, Show, State, Table, type Standing } from '../parts/basics.tsx';
import { TriedBox } from '../parts/tried.tsx';

const path = (name: string, ...rest: string[]) => at('/v1/webhooks/endpoints', name, ...rest);

export function EndpointView({ name }: { name: string }) {
  const endpoints = useLoad<readonly Endpoint[]>('/v1/webhooks/endpoints', () => true);
  const deliveries = useLoad<readonly Delivery[]>(`${path(name, 'deliveries')}${query({ limit: 100 })}`, () => true);
  const [tried, setTried] = useState<Tried | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const endpoint = endpoints.data?.find((each) => each.name === name);
  const act = (work: Promise<unknown>) => void work.then(() => setError(null), (thrown: unknown) => setError(asApiError(thrown))).then(deliveries.reload, () => {});
  const test = () => act(post<Tried>(path(name, 'test')).then(setTried));
  return (
    <>
      <Head crumbs={[{ to: { view: 'webhooks' }, text: 'Webhooks' }]} title={name} actions={<button type="button" onClick={test}>Send a test message</button>}>
        <p class="muted">{endpoint === undefined ? ' ' : `${endpoint.target}, ${endpoint.host}, ${endpoint.model ?? 'all models'}`}</p>
      </Head>
      {error === null ? null : <ProblemBox error={error} />}
      {tried === null ? null : <TriedBox tried={tried} />}
      <Section title="Deliveries">
        <Show of={deliveries} what="deliveries">{(list) => <DeliveryTable name={name} list={list} act={act} />}</Show>
      </Section>
    </>
  );
}

const STANDING: Readonly<Record<string, Standing>> = { delivered: 'good', pending: 'busy' };

function DeliveryTable({ name, list, act }: { name: string; list: readonly Delivery[]; act: (work: Promise<unknown>) => void }) {
  const one = (id: string, verb: 'replay' | 'skip') => act(post(path(name, 'deliveries', id, verb)));
  return (
    <div class="panel">
      <Table
        caption="Deliveries, newest first"
        head={['When', 'What', 'State', 'Attempts', 'Do']}
        rows={list.map(({ id, at: time, type, model, state, attempts, dueAt }) => ({
          key: id,
          cells: [
            <span class="nowrap">{moment(time, true)}</span>,
            <>{type}<div class="small muted">{model ?? ''} {id}</div></>,
            <><State is={STANDING[state] ?? 'quiet'}>{state}</State>{state === 'pending' ? <div class="small muted">next at {moment(dueAt, true)}</div> : null}</>,
            <Attempts name={name} id={id} count={attempts} />,
            <span class="chart-tools"><button type="button" onClick={() => one(id, 'replay')}>Replay</button>{state === 'pending' ? <button type="button" onClick={() => one(id, 'skip')}>Skip</button> : null}</span>,
          ],
        }))}
        empty={<Empty title="It has not been told anything yet."><p>“Send a test message” tries it now.</p></Empty>}
      />
    </div>
  );
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
