/** What can be done to a model as a whole. */
import { useState } from 'preact/hooks';
import type { FleetRow, Promotion } from '../../http/api.ts';
import { at, post } from '../lib/api.ts';
import { moment } from '../lib/format.ts';
import { useLoad } from '../lib/use.ts';
import { Action } from './action.tsx';

export function ModelActions({ model, row, onDone }: { model: string; row: FleetRow | null; onDone: () => void }) {
  return (
    <>
      <Action label="Retrain …" title={`Retrain ${model}`} act={(why) => post(at('/v1/models', model, 'triggers'), { why })} onDone={onDone}>
        A run begins now: it collects the labelled rows, trains a challenger, and lets it meet the champion. Cooldown and window do not hold it back; a run that is under way does, and is then joined.
      </Action>
      {row?.live ? <RollBack model={model} live={row.live.adapter} onDone={onDone} /> : null}
    </>
  );
}

function RollBack({ model, live, onDone }: { model: string; live: string; onDone: () => void }) {
  const history = useLoad<readonly Promotion[]>(at('/v1/models', model, 'promotions'), (event) => event.type === 'promotion');
  const [to, setTo] = useState('');
  const earlier = [...new Map((history.data ?? []).map((each) => [each.adapter, each])).values()].filter(({ adapter }) => adapter !== live);
  if (earlier.length === 0) return null;
  const chosen = to === '' ? (earlier[0]?.adapter ?? '') : to;
  return (
    <Action label="Roll back …" title={`Roll ${model} back`} act={(reason) => post(at('/v1/models', model, 'rollback'), { reason, to: chosen })} onDone={onDone}>
      <p>The adapter that you choose goes live at once, with its own reference. What is live now: <span class="mono">{live}</span>.</p>
      <label>Back to
        <select value={chosen} onChange={(event) => setTo(event.currentTarget.value)}>
          {earlier.map(({ adapter, at: time }) => <option key={adapter} value={adapter}>{adapter}, live from {moment(time)}</option>)}
        </select>
      </label>
    </Action>
  );
}
