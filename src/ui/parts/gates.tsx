/** How the exam was judged: champion against challenger, and each gate with its interval and margin. */
import type { Run } from '../../http/api.ts';
import { count, percent, points, range } from '../lib/format.ts';
import { Section, State, Table, type Standing } from './basics.tsx';
import { Interval } from './interval.tsx';

type Evaluation = NonNullable<Run['evaluation']>;
type Gate = Evaluation['gates'][number];

const RESULT: Readonly<Record<Gate['result'], Standing>> = { pass: 'good', fail: 'bad', unproven: 'busy', 'not-applicable': 'quiet' };
const MEANING: Readonly<Record<Gate['name'], string>> = {
  majority: 'better than the trivial answer', superior: 'better than the champion', nonInferior: 'not worse than the margin allows', forgetting: 'has not forgotten older rows',
};

export function GatesSection({ evaluation }: { evaluation: Evaluation }) {
  const sides = [['Challenger', evaluation.challenger], ...(evaluation.champion === null ? [] : [['Champion', evaluation.champion] as const])] as const;
  const low = Math.min(...sides.map(([, side]) => side.interval[0]));
  const high = Math.max(...sides.map(([, side]) => side.interval[1]));
  const room = Math.max(0.01, (high - low) * 0.2);
  const scale = [Math.max(0, low - room), Math.min(1, high + room)] as const;
  return (
    <Section title="Verdict">
      <p class="note"><b>{evaluation.verdict}</b>: {evaluation.reason}</p>
      <div class="panel">
        <Table
          caption={`Exam, ${evaluation.metric} with 95 % intervals`}
          head={['Adapter', { text: evaluation.metric, number: true }, 'With its 95 % interval', { text: 'Rows of the window', number: true }, { text: 'On older rows', number: true }]}
          rows={sides.map(([name, side]) => ({
            key: name,
            cells: [
              name, <b>{percent(side.score)}</b>,
              <><Interval low={side.interval[0]} high={side.interval[1]} at={side.score} scale={scale} quiet={name === 'Champion'} label={`${name}: ${percent(side.score)}, between ${percent(side.interval[0])} and ${percent(side.interval[1])}`} /><div class="small muted">{range(side.interval)}</div></>,
              count(side.n), side.older === null ? '–' : <>{percent(side.older.score)} <span class="muted small">of {count(side.older.n)}</span></>,
            ],
          }))}
        />
      </div>
      <div class="panel"><GateTable gates={evaluation.gates} /></div>
      <p class="hint">Points are the challenger minus the other. The dashed line is the margin that a gate allows; alpha is {evaluation.alpha}. On {count(evaluation.flipped.better)} rows of the window the challenger scored higher, on {count(evaluation.flipped.worse)} lower.{evaluation.rowsNeeded === null ? '' : ` At this difference about ${count(evaluation.rowsNeeded)} rows would decide.`}</p>
    </Section>
  );
}

function GateTable({ gates }: { gates: Evaluation['gates'] }) {
  const widest = Math.max(0.02, ...gates.flatMap(({ interval, margin }) => [margin, ...(interval ?? []).map(Math.abs)]));
  return (
    <Table
      caption="Gates"
      head={['Gate', 'Result', 'Points, with their interval and the margin', 'Why']}
      rows={gates.map((gate) => ({
        key: gate.name,
        cells: [
          <>{gate.name}<div class="small muted">{MEANING[gate.name] ?? ''}</div></>,
          <State is={RESULT[gate.result]}>{gate.result}</State>,
          gate.interval === null || gate.estimate === null ? '–' : (
            <>
              <Interval low={gate.interval[0]} high={gate.interval[1]} at={gate.estimate} scale={[-widest, widest]} zero limit={-gate.margin} label={`${points(gate.estimate)} points, between ${points(gate.interval[0])} and ${points(gate.interval[1])}; margin ${points(-gate.margin)}`} />
              <div class="small muted">{points(gate.estimate)} ({points(gate.interval[0])} to {points(gate.interval[1])}), margin {points(-gate.margin)}, {count(gate.n)} rows</div>
            </>
          ),
          <span class="small">{gate.why}</span>,
        ],
      }))}
    />
  );
}
