/** One form: registers an endpoint, sends it a message at once, and tells how that went. */
import { useState } from 'preact/hooks';
import { WEBHOOK_TARGETS } from '../../vocabulary.ts';
import type { PutEndpoint, Tried } from '../../http/api.ts';
import { at, call, post, type ApiError } from '../lib/api.ts';
import { asApiError } from '../lib/use.ts';
import { ProblemBox } from './basics.tsx';
import { Dialog } from './dialog.tsx';
import { TriedBox } from './tried.tsx';

export function NewEndpoint({ onDone }: { onDone: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>New endpoint …</button>
      {open ? <EndpointDialog onClose={() => { setOpen(false); onDone(); }} /> : null}
    </>
  );
}

interface Outcome {
  readonly secret: string | null;
  readonly tried: Tried | null;
}

function EndpointDialog({ onClose }: { onClose: () => void }) {
  const [state, setState] = useState<{ busy: boolean; error: ApiError | null; outcome: Outcome | null }>({ busy: false, error: null, outcome: null });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const path = at('/v1/webhooks/endpoints', text('name'));
    const body = { url: text('url'), target: text('target'), ...(text('routingKey') === '' ? {} : { routingKey: text('routingKey') }) };
    setState({ busy: true, error: null, outcome: null });
    call<PutEndpoint>('PUT', path, body)
      .then(async ({ secret }) => setState({ busy: false, error: null, outcome: { secret, tried: await post<Tried>(`${path}/test`) } }))
      .catch((error: unknown) => setState({ busy: false, error: asApiError(error), outcome: null }));
  };
  return (
    <Dialog title="New endpoint" onClose={onClose}>
      {state.outcome === null ? (
        <form onSubmit={submit}>
          <label>Name<input type="text" name="name" required pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" maxLength={100} /></label>
          <label>URL <span class="hint">https, and public unless the operator allows more</span><input type="text" name="url" required /></label>
          <label>Form<select name="target">{WEBHOOK_TARGETS.map((target) => <option key={target} value={target}>{target}</option>)}</select></label>
          <label>Routing key <span class="hint">for pagerduty alone</span><input type="text" name="routingKey" autocomplete="off" /></label>
          {state.error === null ? null : <ProblemBox error={state.error} />}
          <div class="actions"><button type="button" onClick={onClose}>Leave it</button><button type="submit" class="primary" disabled={state.busy}>Register and try</button></div>
        </form>
      ) : (
        <div class="section">
          {state.outcome.secret === null ? null : <p class="note">Messages are signed with this secret, which is shown this once: <code>{state.outcome.secret}</code></p>}
          {state.outcome.tried === null ? null : <TriedBox tried={state.outcome.tried} />}
          <div class="actions"><button type="button" class="primary" onClick={onClose}>Done</button></div>
        </div>
      )}
    </Dialog>
  );
}
