/** What the training told while it ran: loss and speed, step by step. */
import { useEffect, useMemo } from 'preact/hooks';
import type { RunCourse } from '../../http/api.ts';
import { createAxis } from '../lib/axis.ts';
import { bytes, count, duration, figure } from '../lib/format.ts';
import type { Plotted } from '../lib/series.ts';
import { Facts, Section } from './basics.tsx';
import { Chart } from './chart.tsx';

export function TrainingSection({ course: { progress, result } }: { course: RunCourse }) {
  const points = progress.filter(({ state }) => state === 'train');
  const whole = { from: points[0]?.step ?? 0, to: Math.max((points[0]?.step ?? 0) + 1, points.at(-1)?.step ?? 1) };
  const axis = useMemo(() => createAxis(whole, 2), []);
  useEffect(() => axis.extend(whole), [whole.from, whole.to]);
  const loss = useMemo(() => line(points, 'loss', (p) => p.loss), [progress]);
  const speed = useMemo(() => line(points, 'tokens per second', (p) => p.tokensPerSecond), [progress]);
  const last = points.at(-1);
  return (
    <Section title="Training">
      {result === null && last === undefined ? <p class="muted">The training job has not told of a step yet.</p> : null}
      {result === null ? (last === undefined ? null : <Facts of={[['step', `${count(last.step)} of ${count(last.steps)}`, true], ['loss', figure(last.loss), true], ['tokens per second', count(Math.round(last.tokensPerSecond)), true]]} />) : (
        <Facts of={[
          ['final loss', figure(result.finalLoss), true], ['tokens per second', count(Math.round(result.tokens / Math.max(result.seconds, 1e-9))), true], ['took', duration(result.seconds * 1000), true],
          ['rows', count(result.rows)], ['steps', count(result.steps)], ['tokens', count(result.tokens)], ['learning rate', figure(result.learningRate)],
          ['engine', `${result.engine} on ${result.backend}`], ['peak memory', bytes(result.peakMemoryBytes)], ['rows cut off', count(result.truncatedRows)],
        ]} />
      )}
      {points.length < 2 ? null : (
        <div class="panel padded section">
          <Chart title="Loss" xTitle="Step" plotted={loss} axis={axis} height={180} steps y={figure} />
          <Chart title="Tokens per second" xTitle="Step" plotted={speed} axis={axis} height={120} steps y={figure} />
        </div>
      )}
    </Section>
  );
}

type Point = RunCourse['progress'][number];

function line(points: readonly Point[], label: string, value: (point: Point) => number): Plotted {
  return { x: points.map(({ step }) => step), lines: [{ label, values: points.map(value), look: 'main', show: figure }] };
}
