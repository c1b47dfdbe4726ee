/** A server over stand-ins for every part. A test replaces what it wants to see fail. */
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Auth } from '../../src/auth/index.ts';
import { VirtualClock } from '../../src/clock.ts';
import { TrimtabError } from '../../src/errors.ts';
import { createEventHub } from '../../src/http/event-hub.ts';
import type { HttpParts } from '../../src/http/parts.ts';
import { createServer } from '../../src/http/server.ts';
import { parseSpec } from '../../src/spec.ts';
import { taskRules } from '../../src/tasks/index.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { ROLES, type Role } from '../../src/vocabulary.ts';

export const AT = new Date('2026-01-02T03:04:05.678Z');
const missing = (what: string, id: string) => new TrimtabError('not-found', { what, id });

export const MODEL = { name: 'router', spec: parseSpec({ name: 'router', task: 'classification', serving: {} }), version: 3, createdAt: AT };
export const RUN = {
  id: 'run-1', model: 'router', number: 1, triggerId: 'trigger-1', specVersion: 3, state: 'train', outcome: null, reason: null, attempt: 0, dataset: null,
  champion: null, challenger: 'router--v1-00000000', evaluation: { gates: [{ name: 'superior', p: 0.01 }] }, rollout: null, watch: null, createdAt: AT, updatedAt: AT, finishedAt: null,
} as const;
export const TRIGGER = {
  id: 'trigger-1', model: 'router', reason: 'manual', decision: 'fired', why: 'asked for', evidence: { by: 'ann' }, createdAt: AT, decidedAt: AT, runId: 'run-1',
} as const;
const EFFECT = { monitor: 'error', hits: 3 };
export const INCIDENT = {
  id: 'incident-1', model: 'router', monitor: 'error', adapter: 'router--v1-00000000', joined: ['confidence'], level: 'page', reference: 'ref-1', pane: 7, state: 'open', evidence: EFFECT, alarms: 1,
  openedAt: AT, lastAlarmAt: AT, acknowledgedAt: null, acknowledgedBy: null, resolvedAt: null, mutedUntil: null, mutedBy: null, muteReason: null,
};
export const ADAPTER = {
  id: 'router--v1-00000000', model: 'router', version: 1, runId: 'run-1', sha256: 'aa', baseSha256: 'bb', labels: ['x', 'y'], files: { 'adapter_config.json': 'cc' }, createdAt: AT,
};
export const PROMOTION = {
  model: 'router', seq: 1, kind: 'promotion', adapter: ADAPTER.id, reference: 'ref-1', previous: null, runId: 'run-1', reason: 'better', by: 'auto', at: AT,
} as const;
export const RECORD = { id: 'record-1', model: 'router', seq: 1, runId: 'run-1', kind: 'run', content: { verdict: 'promote' }, previous: '00', hash: '11', createdAt: AT };
export const KEY = { id: 'key-1', name: 'ann', role: 'viewer', createdAt: AT, revokedAt: null } as const;
export const SOURCE = {
  name: 'alerts', format: 'alertmanager', auth: 'bearer', model: null, types: ['ModelDrift'], cooldown: '10m', secrets: 1, createdAt: AT, updatedAt: AT,
} as const;
export const ENDPOINT = {
  name: 'ops', host: 'hooks.example', target: 'standard', model: null, types: ['promotion'], failingSince: null, disabledAt: null, disabledWhy: null, createdAt: AT, updatedAt: AT,
} as const;
export const DELIVERY = {
  id: 'msg_1', seq: 1, endpoint: 'ops', type: 'promotion', model: 'router', at: AT, data: { adapter: 'router--v1-00000000' }, state: 'pending', attempts: 1, dueAt: AT, endedAt: null,
} as const;
export const DRIFT = { model: 'router', live: null, referenceRows: null, openPane: { pane: 1, openedAt: AT }, monitors: [], window: null, assumptions: null, panes: [] };

const DAYS = { from: new Date('2025-12-26T03:04:05.678Z'), to: AT };
const BUCKET = { ...DAYS, predictions: 0, labelled: 0, maturity: null, provisional: true, firstScore: null, score: null, estimate: { method: null, because: 'there are no predictions' } } as const;
export const PERFORMANCE = {
  model: 'router', metric: 'accuracy', segment: null, ...DAYS, maturity: null, feedback: { repeats: 0, contradicted: 0, otherMetric: 0 }, changes: [], whole: BUCKET, buckets: [],
};

export const FLEET = { model: 'router', task: 'classification', metric: 'accuracy', live: { adapter: ADAPTER.id, version: 1, since: AT }, quality: { score: 0.9, interval: [0.85, 0.94], n: 200, source: 'production' }, incidents: [], nextSchedule: AT, run: null } as const;
export const TIMELINE = {
  model: 'router', metric: 'accuracy', from: AT, to: AT, whole: { from: AT, to: AT }, panes: 2, at: [AT.getTime() / 1000], rows: [10], labelled: [0], score: [null], low: [null], high: [null],
  confidence: [0.5], unseen: [null], monitors: [{ monitor: 'error', share: [null] }], promotions: [], incidents: [], runs: [],
};

export const COURSE = { run: 'run-1', trigger: TRIGGER, steps: [{ state: 'collect', at: AT, detail: {} }], progress: [{ state: 'train', step: 1, steps: 2, loss: 0.5, tokensPerSecond: 9, at: AT }], result: null, cost: null } as const;
export const EXAM = { run: 'run-1', metric: 'accuracy', opponent: 'champion', rows: 2, better: 1, worse: 0, wrong: 1, examples: [], byLabel: [{ label: 'x', n: 2, opponent: 0.5, challenger: 1 }] } as const;
export const PREDICTION = { id: 'p1', adapter: null, input: 'a text', label: 'x', segment: null, confidence: 0.5, receivedAt: AT, truth: null, score: null };
export const DATASET = { id: 'd'.repeat(64), model: 'router', runId: 'run-1', createdAt: AT.toISOString(), recipe: { version: 1 }, counts: { train: 3 }, labels: ['x'], majority: null, train: 'aa', exam: 'bb', parents: [], newRows: 3 };
export const QUEUE = { model: 'router', by: 'worth', adapter: ADAPTER.id, labels: ['x', 'y'], lookedAt: 1, rows: [{ id: 'p1', text: 'a text', answer: 'x', confidence: 0.4, segment: null, receivedAt: AT, why: 'least sure' }] } as const;
export const AUDITED = { id: 1, at: AT, who: 'ann', role: 'operator', action: 'retrain', model: 'router', subject: 'router', reason: 'new labels', outcome: 'done', detail: null } as const;

/** `Bearer <role>` is a key of that role. */
export function fakeAuth(over: Partial<Auth> = {}): Auth {
  return {
    authenticate(header) {
      const role = ROLES.find((word) => header === `Bearer ${word}`);
      return role === undefined ? Promise.reject(new TrimtabError('unauthenticated')) : Promise.resolve({ id: `key-${role}`, name: `the ${role}`, role });
    },
    isOpen: () => Promise.resolve(false),
    create: (input) => Promise.resolve({ ...KEY, ...input, key: 'trk_shown_once' }),
    list: () => Promise.resolve([KEY]),
    revoke: (id) => (id === KEY.id ? Promise.resolve() : Promise.reject(missing('key', id))),
    ...over,
  };
}

/** What the stand-ins were asked, newest last. */
export const asked: { what: string; with: unknown }[] = [];
const note = <T>(what: string, input: unknown, answer: T): Promise<T> => {
  asked.push({ what, with: input });
  return Promise.resolve(answer);
};
const byId = <T extends { id: string }>(what: string, thing: T) => (id: string): Promise<T> =>
  id === thing.id ? Promise.resolve(thing) : Promise.reject(missing(what, id));
const orNull = <T extends { id: string }>(thing: T) => (id: string): Promise<T | null> => Promise.resolve(id === thing.id ? thing : null);

/** Accepts every row but those with `bad` in them. */
const take = (what: string) => (rows: readonly unknown[]) => {
  const refused = rows.flatMap((row, index) => (JSON.stringify(row).includes('bad') ? [{ index, id: null, reason: 'it is bad' }] : []));
  return note(what, rows, { accepted: rows.length - refused.length, duplicates: 0, refused });
};

/** Requests without `Bearer sender` prove nothing. */
function fakeWebhooks(): HttpParts['webhooks'] {
  const named = <T extends { name: string }, R>(what: string, thing: T, answer: (name: string) => R) => (name: string): Promise<R> =>
    name === thing.name ? Promise.resolve(answer(name)) : Promise.reject(missing(what, name));
  const source = <R>(answer: R) => named('webhook source', SOURCE, () => answer);
  const endpoint = <R>(answer: R) => named('webhook endpoint', ENDPOINT, () => answer);
  const delivery = <R>(answer: R) => (name: string, id: string): Promise<R> => (id === DELIVERY.id ? endpoint(answer)(name) : Promise.reject(missing('delivery', id)));
  return {
    receive: (name, { headers, body }) =>
      headers.authorization === 'Bearer sender' ? note('webhook', { name, body: body.toString() }, { accepted: 1, duplicates: 0, ignored: 0 }) : Promise.reject(new TrimtabError('unverified')),
    sources: {
      put: (name, input) => (input.model === 'nobody' ? Promise.reject(missing('model', 'nobody')) : Promise.resolve({ ...SOURCE, secret: 'shown once', created: name === 'fresh' })),
      rotate: source({ ...SOURCE, secret: 'shown once', created: false }), list: () => Promise.resolve([SOURCE]), get: source(SOURCE), remove: source(undefined),
    },
    endpoints: {
      put: (name, input) => (input.model === 'nobody' ? Promise.reject(missing('model', 'nobody')) : Promise.resolve({ ...ENDPOINT, secret: 'whsec_once', created: name === 'fresh', enabled: false })),
      rotate: endpoint({ ...ENDPOINT, secret: 'whsec_once', created: false, enabled: false }), list: () => Promise.resolve([{ ...ENDPOINT, pending: 2 }]), get: endpoint({ ...ENDPOINT, pending: 2 }), remove: endpoint(undefined),
      disable: (name, why) => endpoint({ ...ENDPOINT, pending: 2, disabledAt: AT, disabledWhy: why })(name), enable: endpoint({ ...ENDPOINT, pending: 2 }),
      test: endpoint({ delivered: false, status: 500, problem: 'answered 500', seconds: 0.1, body: '{}' }),
      deliveries: endpoint([DELIVERY]),
      delivery: delivery({ ...DELIVERY, tried: [{ n: 1, at: AT, status: null, problem: 'no answer: ECONNREFUSED', seconds: 0.1 }] }),
      replay: delivery(DELIVERY), skip: delivery({ ...DELIVERY, state: 'skipped' as const }),
    },
  };
}

export function fakeParts(over: Partial<HttpParts> = {}): HttpParts {
  const events = createEvents();
  const parts = {
    clock: new VirtualClock(AT), events, hub: createEventHub(events), log: createLogger({ level: 'silent', pretty: false }), metrics: createMetrics(events), auth: fakeAuth(),
    health: { ready: () => Promise.resolve() },
    models: {
      put: (spec: unknown) => note('put', spec, { ...MODEL, changed: true }),
      get: (name: string) => (name === 'router' ? Promise.resolve(MODEL) : Promise.reject(missing('model', name))),
      list: () => Promise.resolve([MODEL]),
    },
    ingest: {
      predictions: take('predictions'), feedback: take('feedback'),
      importRows: (model: string, rows: readonly unknown[]) => (model === 'router' ? take('import')(rows) : Promise.reject(missing('model', model))),
    },
    drift: {
      report: (model: string) => (model === 'router' ? Promise.resolve(DRIFT) : Promise.reject(missing('model', model))),
      incidents: {
        list: (filter: unknown) => note('incidents', filter, [INCIDENT]),
        get: byId('incident', INCIDENT),
        acknowledge: (id: string, by: string) => byId('incident', { ...INCIDENT, acknowledgedAt: AT, acknowledgedBy: by })(id),
        resolve: (id: string) => byId('incident', { ...INCIDENT, resolvedAt: AT })(id),
        mute: (id: string) => byId('incident', { ...INCIDENT, mutedUntil: AT })(id),
        unmute: (id: string) => byId('incident', INCIDENT)(id),
        replay: async (id: string) => (await byId('incident', INCIDENT)(id), [{ monitor: 'error', stored: 20_000.5, replayed: 20_000.5, alarm: true, same: true }]),
      },
    },
    performance: { report: (question: { model: string }) => (question.model === 'router' ? note('performance', question, PERFORMANCE) : Promise.reject(missing('model', question.model))) },
    triggers: { request: (input: unknown) => note('trigger', input, TRIGGER), list: (filter: unknown) => note('triggers', filter, [TRIGGER]) },
    runs: { list: (filter: unknown) => note('runs', filter, [RUN]), get: orNull(RUN), approve: (id: string, by: string) => note('approve', by, id), cancel: (id: string, by: string) => note('cancel', by, id) },
    registry: {
      live: () => Promise.resolve({ adapter: ADAPTER.id, reference: 'ref-1', seq: 1 }),
      liveAt: (_: string, at: Date) => note('liveAt', at, at < AT ? null : PROMOTION),
      history: () => Promise.resolve([PROMOTION]),
      adapters: () => Promise.resolve([ADAPTER]),
      rollback: (request: unknown) => note('rollback', request, { ...PROMOTION, kind: 'rollback' as const, changed: true }),
    },
    target: { predict: (_: string, texts: readonly string[]) => Promise.resolve({ adapter: ADAPTER.id, rules: taskRules('classification'), labels: ['x', 'y'], rows: texts.map(() => ({ label: 'x', confidence: 0.75, scores: [0.75, 0.25] })) }) },
    overview: {
      fleet: () => Promise.resolve([FLEET]),
      timeline: (ask: { model: string }) => (ask.model === 'router' ? note('timeline', ask, TIMELINE) : Promise.reject(missing('model', ask.model))),
      runCourse: (id: string) => (id === 'run-1' ? Promise.resolve(COURSE) : Promise.reject(missing('run', id))),
      runExam: (ask: { run: string }) => (ask.run === 'run-1' ? note('exam', ask, EXAM) : Promise.reject(missing('run', ask.run))),
      predictions: (_: string, ids: readonly string[]) => note('find', ids, [PREDICTION]),
      datasets: (model: string, limit: number) => note('datasets', { model, limit }, [DATASET]),
      dataset: byId('dataset', DATASET),
      datasetRows: (ask: { dataset: string }) => (ask.dataset === DATASET.id ? note('rows', ask, [{ id: 'r1', text: 'a', label: 'x' }]) : Promise.reject(missing('dataset', ask.dataset))),
    },
    labels: {
      next: (ask: { model: string }) => (ask.model === 'router' ? note('queue', ask, QUEUE) : Promise.reject(missing('model', ask.model))),
      skip: (ask: { model: string }) => (ask.model === 'router' ? note('skip', ask, undefined) : Promise.reject(missing('model', ask.model))),
    },
    audit: {
      during: async (deed: object, work: () => Promise<unknown>, tell?: (result: unknown) => string) => {
        const entry: { what: string; with: object } = { what: 'deed', with: deed };
        asked.push(entry);
        const result = await work();
        if (tell !== undefined) entry.with = { ...deed, detail: tell(result) };
        return result;
      },
      list: (filter: unknown) => note('audit', filter, [AUDITED]),
    },
    page: { folder: path.join(import.meta.dirname, 'no-page'), state: () => ({ state: 'missing', why: 'it was not built' }) },
    records: { list: (_: string, page: unknown) => note('records', page, [RECORD]), get: orNull(RECORD), verify: (id: string) => (id === RECORD.id ? Promise.resolve({ id, chain: 'whole', decision: 'same' }) : Promise.reject(missing('record', id))) },
    webhooks: fakeWebhooks(),
  };
  // Evidence and reports are passed on as they are; the stand-ins need not make real ones.
  return { ...(parts as unknown as HttpParts), ...over };
}

export function serve(over: Partial<HttpParts> = {}): Promise<FastifyInstance> {
  // no sample of the event loop is taken: what other work on the machine does is not what is tested
  return createServer({ limits: { sampleMs: 600_000 }, ...fakeParts(over) });
}

export const as = (role: Role) => ({ authorization: `Bearer ${role}` });
