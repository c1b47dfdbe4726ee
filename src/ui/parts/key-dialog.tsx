/** Asks for an API key. It stays in this tab. */
import { useState } from 'preact/hooks';
import { key } from '../lib/api.ts';
import { Dialog } from './dialog.tsx';

export function KeyDialog({ onClose }: { onClose: () => void }) {
  const [value, setValue] = useState('');
  const use = (given: string | null) => {
    key.set(given);
    onClose();
  };
  return (
    <Dialog title="API key" onClose={onClose}>
      <form method="dialog" onSubmit={() => use(value.trim() === '' ? null : value.trim())}>
        <p class="muted">The service asks for a key with role viewer, operator or admin. It stays in this tab and is gone when the tab is closed. On the machine of a service without keys none is needed.</p>
        <label>Key
          <input type="password" autocomplete="off" spellcheck={false} value={value} onInput={(event) => setValue(event.currentTarget.value)} />
        </label>
        <div class="actions">
          {key.get() === null ? null : <button type="button" onClick={() => use(null)}>Forget the key</button>}
          <button type="button" onClick={onClose}>Close</button>
          <button type="submit" class="primary">Use this key</button>
        </div>
      </form>
    </Dialog>
  );
}
