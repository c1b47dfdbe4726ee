/**
 * PromQL from the definitions: a metric is named by its key and grouped by its labels, so what is renamed or taken away there does not
 * compile here. State comes alike from every replica, so it is always the maximum of them; counts are summed.
 */
import { METRICS, type KeyOf, type LabelOf, type MetricKey } from '../../src/telemetry/definitions.ts';

/** A value that a label must have; `like` and `unlike` take regular expressions. */
export type Match = string | { readonly like: string } | { readonly unlike: string };
export type Matches<K extends MetricKey> = { readonly [L in LabelOf<K>]?: Match };

export interface QueryOptions {
  /** Further matchers of every series, as PromQL. */
  readonly scope: readonly string[];
  /** Labels of the scrape that stay in every result. */
  readonly keep: readonly string[];
}

export type Queries = ReturnType<typeof createQueries>;

export function createQueries({ scope, keep }: QueryOptions) {
  const select = <K extends MetricKey>(key: K, match: Matches<K> = {}, part: '' | '_bucket' | '_count' | '_sum' = ''): string => {
    const matchers = [...Object.entries(match as Readonly<Record<string, Match>>).map(([label, value]) => matcher(label, value)), ...scope];
    return `${METRICS[key].name}${part}${matchers.length === 0 ? '' : `{${matchers.join(',')}}`}`;
  };
  const by = (how: string, labels: readonly string[], expression: string) => {
    const all = [...keep, ...labels];
    return all.length === 0 ? `${how}(${expression})` : `${how} by (${all.join(', ')}) (${expression})`;
  };
  return {
    select,
    by,
    /** What is so. */
    now: <K extends KeyOf<'gauge'>>(key: K, labels: readonly LabelOf<K>[], match?: Matches<K>) => by('max', labels, select(key, match)),
    /** A gauge of which each replica has its own part. */
    total: <K extends KeyOf<'gauge'>>(key: K, labels: readonly LabelOf<K>[], match?: Matches<K>) => by('sum', labels, select(key, match)),
    rate: <K extends KeyOf<'counter'>>(key: K, labels: readonly LabelOf<K>[], window: string, match?: Matches<K>) => by('sum', labels, `rate(${select(key, match)}[${window}])`),
    increase: <K extends KeyOf<'counter'>>(key: K, labels: readonly LabelOf<K>[], window: string, match?: Matches<K>, offset = '') =>
      by('sum', labels, `increase(${select(key, match)}[${window}]${offset === '' ? '' : ` offset ${offset}`})`),
    /** Observations of a histogram in a window. */
    observed: <K extends KeyOf<'histogram'>>(key: K, labels: readonly LabelOf<K>[], window: string, match?: Matches<K>) => by('sum', labels, `increase(${select(key, match, '_count')}[${window}])`),
    quantile: <K extends KeyOf<'histogram'>>(q: number, key: K, labels: readonly LabelOf<K>[], window: string, match?: Matches<K>) =>
      `histogram_quantile(${q}, ${by('sum', ['le', ...labels], `rate(${select(key, match, '_bucket')}[${window}])`)})`,
    mean: <K extends KeyOf<'histogram'>>(key: K, labels: readonly LabelOf<K>[], window: string, match?: Matches<K>) =>
      `${by('sum', labels, `rate(${select(key, match, '_sum')}[${window}])`)} / ${by('sum', labels, `rate(${select(key, match, '_count')}[${window}])`)}`,
    /** How near a monitor is to its alarm: 0 at rest, 1 where it alarms. Evidence multiplies, so its logarithm is what grows evenly. */
    closeness: (labels: readonly ('model' | 'monitor')[], match?: Matches<'monitorValue'>) =>
      by('max', labels, `ln(clamp_min(${select('monitorValue', match)}, 1)) / ln(${select('monitorThreshold', match)})`),
  };
}

function matcher(label: string, value: Match): string {
  if (typeof value === 'string') return `${label}="${value}"`;
  return 'like' in value ? `${label}=~"${value.like}"` : `${label}!~"${value.unlike}"`;
}
