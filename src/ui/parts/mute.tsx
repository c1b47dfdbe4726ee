/** Keeps an incident quiet for a time, and ends that. */
import { useState } from 'preact/hooks';
import type { Incident } from '../../http/api.ts';
import { at, post } from '../lib/api.ts';
import { moment } from '../lib/format.ts';
import { Action } from './action.tsx';

/** As the API takes them. */
const TIMES = [['30m', '30 minutes'], ['2h', '2 hours'], ['8h', '8 hours'], ['1d', 'a day'], ['7d', 'a week']] as const;

export function Mute({ incident: { id }, onDone }: { incident: Incident; onDone: () => void }) {
  const [time, setTime] = useState<string>('2h');
  return (
    <Action label="Mute …" title="Mute this incident" act={(reason) => post(at('/v1/incidents', id, 'mute'), { for: time, reason })} onDone={onDone}>
      <p>For that time it raises no events and starts no retraining. Its alarms are still counted, and its end is still told.</p>
      <label>For
        <select value={time} onChange={(event) => setTime(event.currentTarget.value)}>
          {TIMES.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
        </select>
      </label>
    </Action>
  );
}

export function Unmute({ incident: { id, mutedUntil }, onDone }: { incident: Incident; onDone: () => void }) {
  return (
    <Action label="Unmute …" title="Unmute this incident" act={(reason) => post(at('/v1/incidents', id, 'unmute'), { reason })} onDone={onDone}>
      It can raise events and start retraining again from now on, not from {moment(mutedUntil)}.
    </Action>
  );
}
