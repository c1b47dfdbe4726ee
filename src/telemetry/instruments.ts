/** The instruments, made from the definitions: what is not defined cannot be counted, and what is labelled wrongly does not compile. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { openMetricsRegistry } from './exposition.ts';
import { METRICS, type Definition, type KeyOf, type LabelsOf, type MetricKey, type StateKey } from './definitions.ts';

/** What an exemplar points at: an id that is no label. */
export interface Exemplar {
  readonly run?: string;
  readonly incident?: string;
  readonly request?: string;
}

export interface Instruments {
  readonly registry: Registry;
  /** Adds to a counter. */
  add<K extends KeyOf<'counter'>>(key: K, labels: LabelsOf<K>, value?: number, exemplar?: Exemplar): void;
  observe<K extends KeyOf<'histogram'>>(key: K, labels: LabelsOf<K>, value: number, exemplar?: Exemplar): void;
  set<K extends KeyOf<'gauge'>>(key: K, labels: LabelsOf<K>, value: number): void;
  /** Makes a series of a counter or histogram that has counted nothing yet. */
  begin<K extends KeyOf<'counter' | 'histogram'>>(key: K, labels: LabelsOf<K>): void;
  remove<K extends KeyOf<'gauge'>>(key: K, labels: LabelsOf<K>): void;
  /** Takes all series of the state away: what is set next is all there is. */
  clearState(): void;
}

type Instrument = Counter | Gauge | Histogram;

/** Opens a registry of its own, so that several services in one process (tests) do not share series. */
export function createInstruments(): Instruments {
  const registry = openMetricsRegistry();
  const made = new Map<MetricKey, Instrument>(Object.entries(METRICS).map(([key, definition]) => [key as MetricKey, make(definition, registry)]));
  const of = <T extends Instrument>(key: MetricKey) => made.get(key) as T;
  const states = (Object.keys(METRICS) as MetricKey[]).filter(isState).map((key) => ({ gauge: of<Gauge>(key), bare: Object.keys(METRICS[key].labels).length === 0 }));
  return {
    registry,
    add: (key, labels, value = 1, exemplar) => of<Counter>(key).inc({ labels: plain(labels), value, ...pointing(exemplar) }),
    observe: (key, labels, value, exemplar) => of<Histogram>(key).observe({ labels: plain(labels), value, ...pointing(exemplar) }),
    set: (key, labels, value) => of<Gauge>(key).set(plain(labels), value),
    begin: (key, labels) => {
      const instrument = made.get(key);
      if (instrument instanceof Counter) instrument.inc({ labels: plain(labels), value: 0 });
      if (instrument instanceof Histogram) instrument.zero(plain(labels));
    },
    remove: (key, labels) => of<Gauge>(key).remove(plain(labels)),
    clearState: () => states.forEach(({ gauge, bare }) => {
      gauge.reset();
      // one without labels is reset to 0, which would be said of a database that nobody reached
      if (bare) gauge.remove();
    }),
  };
}

export function isState(key: MetricKey): key is StateKey {
  const definition: Definition = METRICS[key];
  return definition.type === 'gauge' && definition.from === 'state';
}

function make(definition: Definition, registry: Registry): Instrument {
  const common = { name: definition.name, help: definition.help, labelNames: Object.keys(definition.labels), registers: [registry] };
  switch (definition.type) {
    case 'counter': return new Counter({ ...common, enableExemplars: true });
    case 'gauge': return new Gauge(common);
    case 'histogram': return new Histogram({ ...common, buckets: [...definition.buckets], enableExemplars: true });
  }
}

/** prom-client keeps what it is given. */
const plain = (labels: object): Record<string, string> => ({ ...labels });

/** OpenMetrics allows 128 characters of names and values together; prom-client throws at more. */
const MOST = 100;

function pointing(exemplar: Exemplar | undefined): { exemplarLabels?: Record<string, string> } {
  if (exemplar === undefined) return {};
  return { exemplarLabels: Object.fromEntries(Object.entries(exemplar).map(([name, id]) => [name, (id as string).slice(0, MOST)])) };
}
