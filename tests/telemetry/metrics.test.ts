import { expect, test } from 'vitest';
import { METRICS, OPEN_LABELS, PROCESS, type Definition } from '../../src/telemetry/definitions.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { wantsOpenMetrics } from '../../src/telemetry/exposition.ts';
import { createMetrics, type AnsweredRequest } from '../../src/telemetry/metrics.ts';
import type { ServiceState, Figures } from '../../src/telemetry/state.ts';

const OPEN = 'application/openmetrics-text;version=1.0.0';
const definitions: [string, Definition][] = Object.entries(METRICS);
const answered = (over: Partial<AnsweredRequest> = {}): AnsweredRequest => ({ id: 'q-1', method: 'GET', route: '/v1/models/:name', status: 200, seconds: 0.002, problem: null, ...over });

const STATE: ServiceState = {
  models: [{ model: 'm', task: 'classification', target: 'builtin', pane: 8, adapter: 'm--v1-0a', since: new Date(1_000_000) }],
  incidents: [{ model: 'm', monitor: 'error', state: 'open', openedAt: new Date(2_000_000), effect: { estimate: 0.2, lower: 0.1, upper: 0.3 } }],
  waiting: [{ model: 'm', reason: 'drift', since: new Date(3_000_000) }],
  runs: [{ model: 'm', state: 'rollout', count: 1, awaiting: 1, entered: new Date(4_000_000) }],
  finished: [{ model: 'm', outcome: 'failed', at: new Date(5_000_000) }],
  exams: [{ model: 'm', rows: 90, challenger: { estimate: 0.9, lower: 0.8, upper: 0.95 }, champion: null }],
  endpoints: [{ target: 'slack', enabled: 1, disabled: 2 }],
  jobs: { ready: 2, running: 1, failed: 0, age: 7.5 },
};
const FIGURES: Figures = {
  monitors: [{ monitor: 'error', value: 12.5, threshold: 900, tolerance: 0.02, effect: { estimate: 0.1, lower: 0.05, upper: 0.15, reference: 0.07 } }],
  quality: { estimate: 0.83, lower: 0.8, upper: 0.86, rows: 400, reference: 0.93 },
};

function withState(over: { read?: () => Promise<ServiceState>; figures?: (model: string) => Promise<Figures>; freshMs?: number } = {}) {
  const errors: unknown[] = [];
  const events = createEvents();
  const metrics = createMetrics(events, {
    version: '0.1.0', queued: () => ({ predictions: 5, feedback: 0, import: 0 }),
    state: { read: () => Promise.resolve(STATE), figures: () => Promise.resolve(FIGURES), onError: (error) => errors.push(error), freshMs: 0, ...over },
  });
  return { events, metrics, errors, scrape: async (accept?: string) => (await metrics.expose(accept)).body.split('\n') };
}

test('what the domains tell is counted', async () => {
  const { events, metrics, scrape } = withState();
  events.emit('ingest:batch', { model: 'm', kind: 'predictions', accepted: 3, duplicates: 2, refused: 1, seconds: 0.004 });
  events.emit('pane:closed', { model: 'm', pane: 7, rows: 10, labelled: 4, errors: 1 });
  events.emit('incident:opened', { model: 'm', incident: 'i', monitor: 'error', level: 'page', effect: 0.1, pane: 7 });
  events.emit('trigger:decided', { model: 'm', trigger: 't', reason: 'drift', decision: 'fired', why: 'because' });
  events.emit('run:state', { model: 'm', run: 'm-r1', state: 'done', outcome: 'promoted', reason: null });
  events.emit('run:left', { model: 'm', run: 'm-r1', state: 'evaluate', seconds: 3 });
  events.emit('job:done', { model: 'm', run: 'm-r1', kind: 'train', device: 'gpu', seconds: 20, tokens: 9_000, peakMemoryBytes: 1_024 });
  events.emit('promotion', { model: 'm', adapter: 'a', previous: null, kind: 'promotion', run: 'm-r1' });
  events.emit('predict', { model: 'm', seconds: 0.01, rows: 2 });
  events.emit('wake', { task: 'tick', failed: true });
  events.emit('webhook:received', { source: 'github', result: 'duplicate' });
  events.emit('webhook:attempt', { target: 'slack', result: 'failed', seconds: 0.2 });
  metrics.request(answered());
  metrics.request(answered({ method: 'PROPFIND', route: 'none', status: 503, problem: 'overloaded' }));
  const lines = await scrape();
  for (const line of [
    'trimtab_ingest_rows_total{model="m",kind="predictions",result="accepted"} 3',
    'trimtab_ingest_rows_total{model="m",kind="predictions",result="duplicate"} 2',
    'trimtab_ingest_rows_total{model="m",kind="predictions",result="refused"} 1',
    'trimtab_ingest_batch_seconds_bucket{le="0.005",kind="predictions"} 1',
    'trimtab_ingest_queue_rows{kind="predictions"} 5',
    'trimtab_pane_rows_total{model="m"} 10',
    'trimtab_pane_labelled_rows_total{model="m"} 4',
    'trimtab_pane_error_rows_total{model="m"} 1',
    'trimtab_incidents_total{model="m",monitor="error"} 1',
    'trimtab_triggers_total{model="m",reason="drift",decision="fired"} 1',
    'trimtab_run_outcomes_total{model="m",outcome="promoted"} 1',
    'trimtab_run_state_seconds_bucket{le="5",state="evaluate"} 1',
    'trimtab_training_seconds_total{model="m",kind="train",device="gpu"} 20',
    'trimtab_training_tokens_total{model="m",kind="train"} 9000',
    'trimtab_training_peak_memory_bytes{model="m"} 1024',
    'trimtab_promotions_total{model="m",kind="promotion"} 1',
    'trimtab_predict_rows_total{model="m"} 2',
    'trimtab_wakes_total{task="tick",result="failed"} 1',
    'trimtab_webhooks_received_total{source="github",result="duplicate"} 1',
    'trimtab_webhook_attempts_total{target="slack",result="failed"} 1',
    'trimtab_http_requests_total{method="GET",route="/v1/models/:name",status="200"} 1',
    'trimtab_http_requests_total{method="OTHER",route="none",status="503"} 1',
    'trimtab_http_problems_total{code="overloaded"} 1',
    `trimtab_build_info{version="0.1.0",node="${process.versions.node}"} 1`,
  ]) expect(lines).toContain(line);
  expect(lines.find((line) => line.startsWith('trimtab_target_confirmed_timestamp_seconds{model="m"}'))).toBeDefined();
});

test('what is so is read from the database, by every replica alike', async () => {
  const lines = await withState().scrape();
  for (const line of [
    'trimtab_database_up 1',
    'trimtab_model_info{model="m",task="classification",target="builtin"} 1',
    'trimtab_live_adapter_info{model="m",adapter="m--v1-0a"} 1',
    'trimtab_live_since_timestamp_seconds{model="m"} 1000',
    'trimtab_incident_opened_timestamp_seconds{model="m",monitor="error",state="open"} 2000',
    'trimtab_incident_effect_ratio{model="m",monitor="error",bound="lower"} 0.1',
    'trimtab_trigger_waiting_timestamp_seconds{model="m",reason="drift"} 3000',
    'trimtab_run_state_entered_timestamp_seconds{model="m",state="rollout"} 4000',
    'trimtab_runs_awaiting_approval{model="m"} 1',
    'trimtab_run_finished_timestamp_seconds{model="m",outcome="failed"} 5000',
    'trimtab_exam_score_ratio{model="m",sitter="challenger",bound="lower"} 0.8',
    'trimtab_queue_jobs{state="ready"} 2',
    'trimtab_queue_age_seconds 7.5',
    'trimtab_webhook_endpoints{target="slack",state="disabled"} 2',
    'trimtab_webhook_endpoints{target="pagerduty",state="enabled"} 0',
    'trimtab_monitor_value{model="m",monitor="error"} 12.5',
    'trimtab_monitor_threshold{model="m",monitor="error"} 900',
    'trimtab_monitor_effect_ratio{model="m",monitor="error",bound="upper"} 0.15',
    'trimtab_quality_score_ratio{model="m",bound="estimate"} 0.83',
    'trimtab_quality_reference_ratio{model="m"} 0.93',
    // so that `increase` sees the first one
    'trimtab_run_outcomes_total{model="m",outcome="failed"} 0',
    'trimtab_incidents_total{model="m",monitor="error"} 0',
  ]) expect(lines).toContain(line);
  expect(lines.filter((line) => line.startsWith('trimtab_exam_score_ratio') && line.includes('champion"'))).toEqual([]);
});

test('the adapter that was live is no series any more, and figures are computed anew only when a pane closed', async () => {
  let [state, computed] = [STATE, 0];
  const { scrape } = withState({ read: () => Promise.resolve(state), figures: () => { computed++; return Promise.resolve(FIGURES); } });
  await scrape();
  await scrape();
  expect(computed).toBe(1);
  state = { ...STATE, models: [{ ...STATE.models[0]!, adapter: 'm--v2-0b', pane: 9 }], incidents: [] };
  const lines = await scrape();
  expect(computed).toBe(2);
  expect(lines.filter((line) => line.startsWith('trimtab_live_adapter_info'))).toEqual(['trimtab_live_adapter_info{model="m",adapter="m--v2-0b"} 1']);
  expect(lines.filter((line) => line.startsWith('trimtab_incident_opened'))).toEqual([]);
});

test('without a database the process is still told of, and no old state', async () => {
  let broken = false;
  const { scrape, errors } = withState({ read: () => (broken ? Promise.reject(new Error('gone')) : Promise.resolve(STATE)) });
  await scrape();
  broken = true;
  const lines = await scrape();
  expect(lines).toContain('trimtab_database_up 0');
  expect(lines.filter((line) => /^trimtab_(live|monitor|queue|runs)/.test(line))).toEqual([]);
  expect(lines.some((line) => line.startsWith('process_cpu_seconds_total '))).toBe(true);
  expect(errors).toHaveLength(1);
});

test('scrapes at the same time read once', async () => {
  let reads = 0;
  const { scrape } = withState({ freshMs: 60_000, read: () => { reads++; return Promise.resolve(STATE); } });
  await Promise.all([scrape(), scrape(), scrape()]);
  await scrape();
  expect(reads).toBe(1);
});

test('OpenMetrics carries run ids as exemplars, and the text format stays what it was', async () => {
  const { events, metrics } = withState();
  events.emit('run:state', { model: 'm', run: 'm-r7', state: 'done', outcome: 'failed', reason: null });
  events.emit('run:left', { model: 'm', run: 'm-r7', state: 'train', seconds: 40 });
  metrics.request(answered({ id: 'trace-1', status: 500, problem: 'internal' }));
  const open = await metrics.expose(OPEN);
  expect(open.contentType).toMatch(/^application\/openmetrics-text/);
  expect(open.body).toMatch(/trimtab_run_outcomes_total\{model="m",outcome="failed"\} 1 # \{run="m-r7"\} 1 [0-9.]+\n/);
  expect(open.body).toMatch(/trimtab_run_state_seconds_bucket\{le="60",state="train"\} 1 # \{run="m-r7"\} 40 /);
  expect(open.body).toMatch(/status="500"\} 1 # \{request="trace-1"\}/);
  expect(open.body).toContain('# TYPE trimtab_run_outcomes counter\n');
  expect(open.body.endsWith('# EOF\n')).toBe(true);
  for (const accept of [undefined, 'text/plain', '*/*']) {
    const { contentType, body } = await metrics.expose(accept);
    expect(contentType).toMatch(/^text\/plain/);
    expect(body).toContain('# TYPE trimtab_run_outcomes_total counter\n');
    expect(body).not.toContain(' # {');
  }
});

test.each([
  ['application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', true],
  ['application/openmetrics-text;q=0, text/plain', false],
  ['text/plain, application/openmetrics-text;q=0.5', false],
  ['Application/OpenMetrics-Text', true],
  ['text/html', false],
  ['', false],
])('Accept: %s', (accept, open) => expect(wantsOpenMetrics(accept)).toBe(open));

test('names follow the conventions, and families are told apart', () => {
  const SUFFIX = { seconds: /_seconds(_total)?$/, timestamp: /_timestamp_seconds$/, ratio: /_ratio$/, bytes: /_bytes$/, info: /_info$/, rows: /_rows(_total)?$/, tokens: /_tokens(_total|_per_second)$/, count: /./, value: /./ } as const;
  for (const [key, { name, type, unit, help, labels }] of definitions) {
    expect(name, key).toMatch(/^trimtab_[a-z]+(_[a-z]+)*$/);
    expect(name, key).toMatch(SUFFIX[unit]);
    expect(name.endsWith('_total'), key).toBe(type === 'counter');
    expect(help, key).not.toMatch(/\.$/);
    for (const values of Object.values(labels)) expect(Array.isArray(values) || (values as string) in OPEN_LABELS, key).toBe(true);
  }
  const families = definitions.map(([, { name }]) => name.replace(/_total$/, ''));
  expect(new Set(families).size).toBe(families.length);
});

test('the names of the process are those of prom-client', async () => {
  const lines = await withState().scrape();
  for (const name of Object.values(PROCESS)) expect(lines.some((line) => line.startsWith(`${name} `)), name).toBe(true);
});

test('neither rows nor ids nor URLs make series', async () => {
  const { events, metrics, scrape } = withState();
  const play = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const run = `m-r${i}`;
      events.emit('ingest:batch', { model: 'm', kind: 'predictions', accepted: i, duplicates: 0, refused: 0, seconds: i / 1000 });
      events.emit('incident:opened', { model: 'm', incident: `m-${i}-error`, monitor: 'error', level: 'page', effect: 0.1, pane: i });
      events.emit('run:left', { model: 'm', run, state: 'train', seconds: i });
      events.emit('run:state', { model: 'm', run, state: 'done', outcome: 'promoted', reason: null });
      events.emit('promotion', { model: 'm', adapter: `m--v${i}-00`, previous: null, kind: 'promotion', run });
      metrics.request(answered({ id: `q-${i}`, method: `M${i}`, status: 500, seconds: i / 1000 }));
    }
  };
  play(0, 10);
  const before = seriesOf(await scrape());
  play(10, 5_000);
  expect(seriesOf(await scrape())).toBe(before);
});

const seriesOf = (lines: readonly string[]) => lines.filter((line) => line !== '' && !line.startsWith('#')).length;
