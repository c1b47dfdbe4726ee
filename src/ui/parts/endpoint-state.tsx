/** Whether an endpoint can be told anything. */
import type { Endpoint } from '../../http/api.ts';
import { ago } from '../lib/format.ts';
import { State } from './basics.tsx';

export function EndpointState({ of: { failingSince, disabledAt, disabledWhy }, now }: { of: Endpoint; now: number }) {
  if (disabledAt !== null) return <><State is="bad">disabled</State><div class="small muted">{disabledWhy}</div></>;
  if (failingSince !== null) return <State is="bad">failing since {ago(failingSince, now).replace(' ago', '')}</State>;
  return <State is="good">in order</State>;
}
