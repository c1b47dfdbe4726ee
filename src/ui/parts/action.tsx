/** An action that changes what the service does: it asks why, says what will happen, and tells how it came out. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiError } from '../lib/api.ts';
import { asApiError } from '../lib/use.ts';
import { ProblemBox } from './basics.tsx';
import { Dialog } from './dialog.tsx';

export interface ActionProps {
  /** On the button. */
  readonly label: string;
  readonly title: string;
  readonly children: ComponentChildren;
  /** Does it, with the reason that was given. */
  readonly act: (reason: string) => Promise<unknown>;
  readonly onDone: () => void;
  readonly primary?: boolean;
}

export function Action({ label, title, children, act, onDone, primary }: ActionProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class={primary === true ? 'primary' : undefined} onClick={() => setAsking(true)}>{label}</button>
      {asking ? <ActionDialog {...{ label, title, act, onDone }} onClose={() => setAsking(false)}>{children}</ActionDialog> : null}
    </>
  );
}

function ActionDialog({ label, title, children, act, onDone, onClose }: Omit<ActionProps, 'primary'> & { onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    act(reason.trim()).then(
      () => {
        onClose();
        onDone();
      },
      (thrown: unknown) => {
        setBusy(false);
        setError(asApiError(thrown));
      },
    );
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="muted">{children}</div>
        <label>Why <span class="hint">stands in the audit, with your name and role</span>
          <textarea rows={3} maxLength={2000} required value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {error === null ? null : <ProblemBox error={error} />}
        <div class="actions">
          <button type="button" onClick={onClose}>Leave it</button>
          <button type="submit" class="primary" disabled={busy || reason.trim() === ''}>{label.replace(/ …$/, '')}</button>
        </div>
      </form>
    </Dialog>
  );
}
