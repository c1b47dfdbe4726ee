/** How good the live adapter is, with its interval, and on how many rows of what. */
import type { FleetRow } from '../../http/api.ts';
import { count, percent, range } from '../lib/format.ts';
import { Interval } from './interval.tsx';

export function Quality({ quality, metric }: { quality: FleetRow['quality']; metric: string }) {
  if (quality === null) return <span class="muted">not measured yet</span>;
  const { score, interval: [low, high], n, source } = quality;
  return (
    <>
      <b>{percent(score)}</b> <span class="small muted nowrap">{range([low, high])}</span>
      <Interval low={low} high={high} at={score} scale={[0, 1]} quiet={source === 'exam'} label={`${metric} ${percent(score)}, between ${percent(low)} and ${percent(high)}`} />
      <div class="small muted">{metric}, {count(n)} {source === 'exam' ? 'exam rows' : 'rows'}</div>
    </>
  );
}
