/** Shows how a challenger's exam came out. */
import type { RunView } from '../client.ts';
import type { Demo } from '../context.ts';

/** One line of standing, one row for each gate, and the verdict in words. */
export function showExam({ screen }: Pick<Demo, 'screen'>, run: RunView): void {
  const { evaluation } = run;
  if (evaluation !== null) {
    const { champion, challenger } = evaluation;
    const share = (score: number) => `${(100 * score).toFixed(1)} %`;
    const against = champion === null ? '' : `, champion ${share(champion.score)}`;
    screen.line('exam', `challenger ${share(challenger.score)}${against} on ${challenger.n} rows of the window`);
    screen.table(
      ['gate', 'result', 'rows', 'difference', 'interval'],
      evaluation.gates.map((gate) => [
        gate.name,
        gate.result,
        String(gate.n),
        gate.estimate === null ? '' : points(gate.estimate),
        gate.interval === null ? '' : `${points(gate.interval[0])} to ${points(gate.interval[1])}`,
      ]),
      'llrrr',
    );
  }
  screen.line('verdict', `${run.evaluation?.verdict ?? run.outcome ?? run.state}: ${run.evaluation?.reason ?? run.reason ?? ''}`);
}

const points = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`;
