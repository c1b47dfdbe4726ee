/** A value of which only JSON is known, as it is best read. */
import { figure, moment } from '../lib/format.ts';

export function Value({ of }: { of: unknown }) {
  if (of === null || of === undefined) return <span class="muted">–</span>;
  if (typeof of === 'number') return <>{Number.isInteger(of) ? of.toLocaleString('en-US') : figure(of)}</>;
  if (typeof of === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(of)) return <>{moment(of)}</>;
  if (typeof of === 'string') return /^[0-9a-f]{40,}$/.test(of) ? <code>{of}</code> : <>{of}</>;
  if (typeof of === 'boolean') return <>{of ? 'yes' : 'no'}</>;
  if (isInterval(of)) return <>{figure(of[0])} to {figure(of[1])}</>;
  if (Array.isArray(of) && of.every((each) => typeof each !== 'object')) return <>{of.join(', ') || '–'}</>;
  if (!Array.isArray(of) && Object.values(of).every((each) => typeof each !== 'object')) return <>{Object.entries(of).map(([name, value]) => `${name} ${String(value)}`).join(', ') || '–'}</>;
  return <details><summary>show</summary><pre tabIndex={0}>{JSON.stringify(of, null, 2)}</pre></details>;
}

const isInterval = (value: unknown): value is readonly [number, number] => Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'number');
