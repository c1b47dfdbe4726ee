/** How a test message went. */
import type { Tried } from '../../http/api.ts';
import { duration } from '../lib/format.ts';
import { State } from './basics.tsx';

export function TriedBox({ tried: { delivered, status, problem, seconds, body } }: { tried: Tried }) {
  return (
    <div role="status" class="section">
      <p><State wrap is={delivered ? 'good' : 'bad'}><span>{delivered ? 'The test message arrived' : 'The test message did not arrive'}{status === null ? '' : `: status ${status}`}{problem === null ? '' : `: ${problem}`}, {duration(seconds * 1000)}</span></State></p>
      <details><summary>What was sent</summary><pre tabIndex={0}>{body}</pre></details>
    </div>
  );
}
