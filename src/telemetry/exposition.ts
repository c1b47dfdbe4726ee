/**
 * The text that Prometheus scrapes: OpenMetrics, which carries exemplars, for who asks for it, else the older text format.
 * prom-client's own `registry.metrics()` is not used: in OpenMetrics it takes `_total` off the names of counters for good, so that
 * the next scrape in the other format would tell other names.
 */
import { Registry, type RegistryContentType } from 'prom-client';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

const OPEN = openMetricsRegistry();
const TEXT = new Registry();
const OPEN_TYPE = 'application/openmetrics-text';

/** A registry whose metrics may have exemplars. */
export function openMetricsRegistry(): Registry {
  const registry: { setContentType(type: RegistryContentType): void } = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry as Registry;
}

/** All metrics of a registry; `accept` is the header of the request. */
export async function expose(registry: Registry, accept: string | undefined): Promise<Exposition> {
  const open = wantsOpenMetrics(accept);
  const writer = open ? OPEN : TEXT;
  const metrics = registry.getMetricsAsArray() as unknown as readonly Scraped[];
  // the writer's types leave out the method that `metrics()` itself is made of
  const { getMetricsAsString: write } = writer as unknown as { getMetricsAsString(this: unknown, metric: Pick<Scraped, 'get'>): Promise<string> };
  const texts = await Promise.all(metrics.map((metric) => write.call(writer, open ? familyOf(metric) : metric)));
  return { contentType: writer.contentType, body: open ? `${texts.join('\n')}\n# EOF\n` : `${texts.join('\n\n')}\n` };
}

/** What prom-client's writer reads of a metric; histograms have a cheaper form for it. */
interface Scraped {
  readonly name: string;
  readonly type: string;
  get(): Promise<{ readonly name: string }>;
  getForPromString?(): Promise<{ readonly name: string }>;
}

/** In OpenMetrics `# TYPE` names the family, without `_total`; the writer puts it back on each line. */
function familyOf(metric: Scraped): Pick<Scraped, 'get'> {
  if (metric.type !== 'counter') return metric;
  return { get: async () => ({ ...(await metric.get()), name: metric.name.replace(/_total$/, '') }) };
}

/** True when the header names OpenMetrics and prefers nothing of ours to it. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  const weights = new Map((accept ?? '').split(',').map((each) => {
    const [type = '', ...parameters] = each.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return [type.toLowerCase(), weight === undefined ? 1 : Number(weight.slice(2))] as const;
  }).reverse());
  const open = weights.get(OPEN_TYPE) ?? 0;
  return open > 0 && open >= (weights.get('text/plain') ?? 0);
}
