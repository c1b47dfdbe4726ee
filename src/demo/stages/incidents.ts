/** Shows incidents with their evidence. */
import type { IncidentView } from '../client.ts';
import type { Demo } from '../context.ts';

export function showIncidents({ screen }: Pick<Demo, 'screen'>, incidents: readonly IncidentView[]): void {
  if (incidents.length === 0) return;
  const figure = (value: number) => value.toFixed(3);
  screen.table(
    ['incident', 'level', 'reference', 'now', 'effect', 'interval', 'tolerance'],
    incidents.map(({ monitor, joined, level, evidence }) => [
      [monitor, ...joined].join(', '),
      level,
      figure(evidence.referenceMean),
      figure(evidence.mean),
      figure(evidence.effect),
      `${figure(evidence.interval[0])} to ${figure(evidence.interval[1])}`,
      figure(evidence.tolerance),
    ]),
    'llrrrrr',
  );
}
