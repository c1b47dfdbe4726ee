/** One form: registers an endpoint, sends it a message at once, and tells how that went. */
import { useState } from 'preact/hooks';
import { WEBHOOK_TARGETS } from '../../vocabulary.ts';
import type { Model, PutEndpoint, Tried } from '../../http/api.ts';
import { ApiError, at, call, post } from '../lib/api.ts';
import { asApiError, useLoad } from '../lib/use.ts';
import { ProblemBox } from './basics.tsx';
import { Dialog } from './dialog.tsx';
import { TriedBox } from './tried.tsx';

/** `taken`: names that are in use; putting one again would change that endpoint. */
export function NewEndpoint({ taken, onDone }: { taken: readonly string[]; onDone: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>New endpoint …</button>
      {open ? <EndpointDialog taken={taken} onClose={() => { setOpen(false); onDone(); }} /> : null}
    </>
  );
}

/** Once it is registered its secret has to be shown, whatever becomes of the try. */
async function registerAndTry(name: string, body: object): Promise<Outcome> {
  const path = at('/v1/webhooks/endpoints', name);
  const { secret } = await call<PutEndpoint>('PUT', path, body);
  return post<Tried>(`${path}/test`).then((tried) => ({ secret, tried, untried: null }), (error: unknown) => ({ secret, tried: null, untried: asApiError(error) }));
}

interface Outcome {
  readonly secret: string | null;
  readonly tried: Tried | null;
  /** Why it could not be tried; it is registered all the same. */
  readonly untried: ApiError | null;
}

function EndpointDialog({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
  const models = useLoad<readonly Model[]>('/v1/models');
  const [state, setState] = useState<{ busy: boolean; error: ApiError | null; outcome: Outcome | null }>({ busy: false, error: null, outcome: null });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    if (taken.includes(text('name'))) return setState({ busy: false, error: new ApiError(409, 'conflict', `There is an endpoint ${text('name')} already. Choose another name.`), outcome: null });
    const optional = Object.fromEntries(['routingKey', 'model'].flatMap((name) => (text(name) === '' ? [] : [[name, text(name)]])));
    setState({ busy: true, error: null, outcome: null });
    registerAndTry(text('name'), { url: text('url'), target: text('target'), ...optional }).then(
      (outcome) => setState({ busy: false, error: null, outcome }),
      (error: unknown) => setState({ busy: false, error: asApiError(error), outcome: null }),
    );
  };
  return (
    <Dialog title="New endpoint" onClose={onClose}>
      {state.outcome === null ? (
        <form onSubmit={submit}>
          <label>Name<input type="text" name="name" required pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" maxLength={100} /></label>
          <label>URL <span class="hint">https, and public unless the operator allows more</span><input type="text" name="url" required /></label>
          <label>Form<select name="target">{WEBHOOK_TARGETS.map((target) => <option key={target} value={target}>{target}</option>)}</select></label>
          <label>Of<select name="model"><option value="">all models</option>{(models.data ?? []).map(({ name }) => <option key={name} value={name}>{name}</option>)}</select></label>
          <label>Routing key <span class="hint">for pagerduty alone</span><input type="text" name="routingKey" autocomplete="off" /></label>
          {state.error === null ? null : <ProblemBox error={state.error} />}
          <div class="actions"><button type="button" onClick={onClose}>Leave it</button><button type="submit" class="primary" disabled={state.busy}>Register and try</button></div>
        </form>
      ) : (
        <div class="section">
          {state.outcome.secret === null ? null : <p class="note">Messages are signed with this secret, which is shown this once: <code>{state.outcome.secret}</code></p>}
          {state.outcome.tried === null ? null : <TriedBox tried={state.outcome.tried} />}
          {state.outcome.untried === null ? null : <><p>It is registered, and could not be tried:</p><ProblemBox error={state.outcome.untried} /></>}
          <div class="actions"><button type="button" class="primary" onClick={onClose}>Done</button></div>
        </div>
      )}
    </Dialog>
  );
}
