/** The demo's way into the service: its own HTTP API, as anybody would use it. */
import type { Evaluation } from '../evaluation/gates.ts';
import type { IncidentLevel, RunOutcome, RunState } from '../vocabulary.ts';

/** What the demo reads of the answers; they hold more. */
export interface Answer {
  readonly adapter: string;
  readonly predictions: readonly { readonly id: string; readonly label: string; readonly confidence: number }[];
}

export interface RunView {
  readonly id: string;
  readonly state: RunState;
  readonly outcome: RunOutcome | null;
  readonly reason: string | null;
  readonly champion: string | null;
  readonly challenger: string | null;
  readonly evaluation: Evaluation | null;
}

export interface IncidentView {
  readonly id: string;
  readonly monitor: string;
  readonly joined: readonly string[];
  readonly level: IncidentLevel;
  readonly state: string;
  readonly evidence: { readonly effect: number; readonly tolerance: number; readonly interval: readonly [number, number]; readonly mean: number; readonly referenceMean: number; readonly sampleIds: readonly string[] };
}

export interface RecordView {
  readonly id: string;
  readonly runId: string | null;
  readonly seq: number;
  readonly kind: string;
  readonly content: unknown;
  readonly previous: string;
  readonly hash: string;
}

export interface Accepted {
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: readonly unknown[];
}

/** Lists come newest first. */
export interface Client {
  putModel(spec: { readonly name: string }): Promise<void>;
  importRows(model: string, rows: readonly { id: string; text: string; label: string }[]): Promise<Accepted>;
  predict(model: string, texts: readonly string[]): Promise<Answer>;
  feedback(rows: readonly { model: string; predictionId: string; label: string }[]): Promise<Accepted>;
  runs(model: string): Promise<RunView[]>;
  run(id: string): Promise<RunView>;
  incidents(model: string): Promise<IncidentView[]>;
  /** The adapter that went live last; null before the first. */
  live(model: string): Promise<string | null>;
  records(model: string): Promise<RecordView[]>;
}

/** @throws Error of each call when the service answers with a problem, with its text */
export function createClient(url: string, key: string): Client {
  const call = async <T>(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const of = (model: string) => `/v1/models/${encodeURIComponent(model)}`;
  const query = (model: string) => `?model=${encodeURIComponent(model)}`;
  return {
    putModel: async (spec) => void (await call('PUT', of(spec.name), spec)),
    importRows: (model, rows) => call('POST', `${of(model)}/import`, rows),
    predict: (model, texts) => call('POST', `${of(model)}/predict`, { texts }),
    feedback: (rows) => call('POST', '/v1/feedback', rows),
    runs: (model) => call('GET', `/v1/runs${query(model)}`),
    run: (id) => call('GET', `/v1/runs/${id}`),
    incidents: (model) => call('GET', `/v1/incidents${query(model)}`),
    live: async (model) => (await call<{ adapter: string }[]>('GET', `${of(model)}/promotions`))[0]?.adapter ?? null,
    records: (model) => call('GET', `${of(model)}/records`),
  };
}
