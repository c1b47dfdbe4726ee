/** What the answer to one exam row is worth, by metric: a score in [0, 1]. A new metric adds its file and its place in the list. */
import { TrimtabError } from '../../errors.ts';
import { accuracy } from './accuracy.ts';
import type { Metric } from './metric.ts';

export type { Answer, Metric } from './metric.ts';

export const METRICS: ReadonlyMap<string, Metric> = new Map([accuracy].map((metric) => [metric.name, metric]));

/** @throws TrimtabError `bad-spec` for a metric that is not there */
export function metricOf(name: string): Metric {
  const metric = METRICS.get(name);
  if (!metric) throw new TrimtabError('bad-spec', { problems: `/gates/metric "${name}" is unknown; there is: ${[...METRICS.keys()].join(', ')}` });
  return metric;
}
