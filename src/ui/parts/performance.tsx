/** What predictions were worth by when they were made: the labelled ones, and what all of them are expected to be worth before their labels come. */
import type { PerformanceReport } from '../../http/api.ts';
import { at } from '../lib/api.ts';
import { count, moment, percent, range } from '../lib/format.ts';
import { useLoad } from '../lib/use.ts';
import { Section, Table } from './basics.tsx';
import { Interval } from './interval.tsx';

type Bucket = PerformanceReport['buckets'][number];

export function Performance({ model }: { model: string }) {
  const report = useLoad<PerformanceReport>(at('/v1/models', model, 'performance'), (event) => event.type === 'pane:closed' && event.data['model'] === model);
  const { data } = report;
  if (data === null || data.buckets.length === 0) return null;
  const scale = scaleOf([...data.buckets, data.whole]);
  const changed = data.changes.filter((change) => change.conceptDrift === 'found');
  return (
    <Section title="By when predictions were made" end={<span class="small muted">the last seven days</span>}>
      {changed.length === 0 ? null : <p class="note">Concept drift: confidences are no longer worth what they were worth on the exam rows, under {changed.map(({ adapter }) => adapter).join(', ')}.</p>}
      <div class="panel">
        <Table
          caption={`${data.metric} by the day of the prediction`}
          head={['Day', { text: 'Predictions', number: true }, { text: 'Labelled', number: true }, 'Of the labelled', 'Expected of all']}
          rows={[...data.buckets.map((bucket) => ({ key: bucket.from, cells: cellsOf(bucket, scale, moment(bucket.from)) })), { key: 'all', cells: cellsOf(data.whole, scale, 'all') }]}
        />
      </div>
      <p class="hint">{data.metric} with its 95 % interval. A day stands until its labels have come: provisional means that more than a tenth of them is still expected.</p>
    </Section>
  );
}

function scaleOf(buckets: readonly Bucket[]): readonly [number, number] {
  const ends = buckets.flatMap(({ score, estimate }) => [...(score === null ? [] : [score.low, score.high]), ...(estimate.method === null ? [] : [estimate.low, estimate.high])]);
  return ends.length === 0 ? [0, 1] : [Math.max(0, Math.min(...ends) - 0.02), Math.min(1, Math.max(...ends) + 0.02)];
}

function cellsOf({ predictions, labelled, score, estimate, provisional }: Bucket, scale: readonly [number, number], name: string) {
  return [
    <><span class="nowrap">{name}</span>{provisional ? <div class="small muted">provisional</div> : null}</>,
    count(predictions), count(labelled),
    score === null ? <span class="muted">none yet</span> : <Measured what="labelled" {...score} scale={scale} />,
    estimate.method === null ? <span class="small muted">{estimate.because}</span> : <Measured what="expected" {...estimate} scale={scale} quiet />,
  ];
}

function Measured({ what, mean, low, high, scale, quiet }: { what: string; mean: number; low: number; high: number; scale: readonly [number, number]; quiet?: boolean }) {
  return (
    <>
      <b>{percent(mean)}</b> <span class="small muted nowrap">{range([low, high])}</span>
      <Interval low={low} high={high} at={mean} scale={scale} quiet={quiet === true} label={`${what}: ${percent(mean)}, between ${percent(low)} and ${percent(high)}`} />
    </>
  );
}
