/** Computes the alarms of an incident again, and says whether the stored evidence gives the same bits. */
import { useState } from 'preact/hooks';
import type { Replay } from '../../http/api.ts';
import { at, get, type ApiError } from '../lib/api.ts';
import { figure } from '../lib/format.ts';
import { replayed } from '../lib/incident.ts';
import { asApiError } from '../lib/use.ts';
import { ProblemBox, Section, State, Table } from './basics.tsx';

export function IncidentReplay({ id }: { id: string }) {
  const [state, setState] = useState<{ busy: boolean; found: readonly Replay[] | null; error: ApiError | null }>({ busy: false, found: null, error: null });
  const replay = () => {
    setState({ busy: true, found: null, error: null });
    get<readonly Replay[]>(at('/v1/incidents', id, 'replay')).then(
      (found) => setState({ busy: false, found, error: null }),
      (error: unknown) => setState({ busy: false, found: null, error: asApiError(error) }),
    );
  };
  return (
    <Section title="Replay" end={<button type="button" disabled={state.busy} onClick={replay}>{state.busy ? 'Replaying …' : 'Replay'}</button>}>
      {state.error === null ? null : <ProblemBox error={state.error} retry={replay} />}
      <div role="status" class="section">{state.found === null ? <p class="muted">Computes each of its alarms again, from the stored evidence alone.</p> : <Outcome of={state.found} />}</div>
    </Section>
  );
}

function Outcome({ of }: { of: readonly Replay[] }) {
  const { same, text } = replayed(of);
  return (
    <>
      <p><State wrap is={same ? 'good' : 'bad'}><span>{text}</span></State></p>
      <div class="panel">
        <Table
          caption="Alarms computed again"
          head={['Monitor', 'Same', { text: 'Stored evidence', number: true }, { text: 'Computed again', number: true }]}
          rows={of.map((each) => ({ key: each.monitor, cells: [each.monitor, <State is={each.same ? 'good' : 'bad'}>{each.same ? 'bit for bit' : each.alarm ? 'no' : 'no alarm'}</State>, figure(each.stored), figure(each.replayed)] }))}
        />
      </div>
    </>
  );
}
