/** The shell: where somebody is, and the view of it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { key } from './lib/api.ts';
import { connect, onConnection } from './lib/live.ts';
import type { Place } from './lib/route.ts';
import { applyScheme, chosenScheme, SCHEMES, type Scheme } from './lib/scheme.ts';
import { useRoute } from './lib/use.ts';
import { Empty, Head, Link, State } from './parts/basics.tsx';
import { KeyDialog } from './parts/key-dialog.tsx';
import { AuditView } from './views/audit.tsx';
import { DatasetView } from './views/dataset.tsx';
import { FleetView } from './views/fleet.tsx';
import { IncidentView } from './views/incident.tsx';
import { ModelView } from './views/model.tsx';
import { RecordView } from './views/record.tsx';
import { RunView } from './views/run.tsx';
import { EndpointView } from './views/endpoint.tsx';
import { WebhooksView } from './views/webhooks.tsx';

export function App() {
  const { place, query } = useRoute();
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    const ask = () => setAsking(true);
    document.addEventListener('unauthenticated', ask);
    document.addEventListener('key', connect);
    connect();
    return () => {
      document.removeEventListener('unauthenticated', ask);
      document.removeEventListener('key', connect);
    };
  }, []);
  const name = nameOf(place);
  useArrival(name);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.querySelector('h1')?.focus(); }}>Skip to the content</a>
      <Top place={place} onKey={() => setAsking(true)} />
      <main id="main">{viewOf(place, query)}</main>
      {asking ? <KeyDialog onClose={() => setAsking(false)} /> : null}
    </>
  );
}

function viewOf(place: Place, query: Readonly<Record<string, string>>) {
  switch (place.view) {
    case 'fleet':
      return <FleetView />;
    case 'model':
      return <ModelView key={place.model} model={place.model} part={place.part} query={query} />;
    case 'run':
      return <RunView key={place.id} id={place.id} kind={query['rows']} />;
    case 'record':
      return <RecordView key={place.id} id={place.id} />;
    case 'dataset':
      return <DatasetView key={place.id} id={place.id} part={query['rows']} />;
    case 'incident':
      return <IncidentView key={place.id} id={place.id} />;
    case 'audit':
      return <AuditView model={query['model']} />;
    case 'webhooks':
      return <WebhooksView />;
    case 'endpoint':
      return <EndpointView key={place.id} name={place.id} />;
    case 'unknown':
      return <Nowhere />;
  }
}

function Nowhere() {
  return (
    <>
      <Head title="There is nothing here" />
      <Empty title="This address leads nowhere."><p>It may be of an older version, or cut off. All models are in the <Link to={{ view: 'fleet' }}>fleet</Link>.</p></Empty>
    </>
  );
}

function nameOf(place: Place): string {
  switch (place.view) {
    case 'fleet':
      return 'Fleet';
    case 'audit':
      return 'Audit';
    case 'webhooks':
      return 'Webhooks';
    case 'model':
      return `${place.model}${place.part === 'course' ? '' : `, ${place.part}`}`;
    case 'unknown':
      return 'Nothing here';
    case 'run':
    case 'record':
    case 'dataset':
    case 'incident':
    case 'endpoint':
      return `${place.view} ${place.id}`;
  }
}

/** A new view has a new title, and takes the focus to its heading; the first one leaves it where the browser put it. */
function useArrival(name: string): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = `${name} – Trimtab`;
    if (!first.current) {
      scrollTo(0, 0);
      document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [name]);
}

function Top({ place, onKey }: { place: Place; onKey: () => void }) {
  return (
    <header class="top">
      <Link to={{ view: 'fleet' }} class="word">Trimtab</Link>
      <nav aria-label="Main">
        <Link to={{ view: 'fleet' }} current={place.view === 'fleet'}>Fleet</Link>
        <Link to={{ view: 'webhooks' }} current={place.view === 'webhooks'}>Webhooks</Link>
        <Link to={{ view: 'audit' }} current={place.view === 'audit'}>Audit</Link>
      </nav>
      <div class="end">
        <Connection />
        <SchemeSwitch />
        <button type="button" class="plain" onClick={onKey}>{key.get() === null ? 'Key' : 'Key set'}</button>
      </div>
    </header>
  );
}

function Connection() {
  const [connected, setConnected] = useState(false);
  useEffect(() => onConnection(setConnected), []);
  return <span class="small muted" role="status" title={connected ? 'What happens is shown at once' : 'What happens is shown within half a minute'}><State is={connected ? 'good' : 'quiet'}>{connected ? 'live' : 'not live'}</State></span>;
}

function SchemeSwitch() {
  const [scheme, setScheme] = useState<Scheme>(chosenScheme());
  return (
    <select
      aria-label="Colours"
      value={scheme}
      onChange={(event) => {
        const next = event.currentTarget.value as Scheme;
        setScheme(next);
        applyScheme(next);
      }}
    >
      {SCHEMES.map((each) => <option key={each} value={each}>{each}</option>)}
    </select>
  );
}
