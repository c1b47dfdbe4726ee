import { expect, test } from 'vitest';
import { createEvents, type EventType } from '../../src/telemetry/events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

test('what the domains tell stands in the metrics', async () => {
  const events = createEvents();
  const metrics = createMetrics(events);
  events.emit('ingest:batch', { model: 'm', kind: 'predictions', accepted: 3, duplicates: 2, refused: 1, seconds: 0.004 });
  events.emit('pane:closed', { model: 'm', pane: 7, rows: 10, labelled: 4, errors: 1 });
  events.emit('monitor:step', { model: 'm', monitor: 'error', value: 12.5, threshold: 900 });
  events.emit('incident:opened', { model: 'm', incident: 'i', monitor: 'error', effect: 0.1, pane: 7 });
  events.emit('trigger:decided', { model: 'm', trigger: 't', reason: 'drift', decision: 'fired', why: 'because' });
  events.emit('run:state', { model: 'm', run: 'r', state: 'done', outcome: 'promoted', reason: null });
  events.emit('job:progress', { model: 'm', run: 'r', step: 1, steps: 2, loss: 0.5, tokensPerSecond: 1000 });
  events.emit('promotion', { model: 'm', adapter: 'a', previous: null, kind: 'promotion', run: 'r' });
  events.emit('predict', { model: 'm', seconds: 0.01, rows: 2 });
  metrics.request({ method: 'GET', route: '/v1/models/:name', status: 200, seconds: 0.002 });
  const lines = (await metrics.text()).split('\n');
  for (const line of [
    'trimtab_ingest_rows_total{model="m",kind="predictions",result="accepted"} 3',
    'trimtab_ingest_rows_total{model="m",kind="predictions",result="duplicate"} 2',
    'trimtab_ingest_rows_total{model="m",kind="predictions",result="refused"} 1',
    'trimtab_ingest_batch_seconds_bucket{le="0.005",kind="predictions"} 1',
    'trimtab_pane_rows_total{model="m",rows="labelled"} 4',
    'trimtab_monitor_value{model="m",monitor="error"} 12.5',
    'trimtab_monitor_threshold{model="m",monitor="error"} 900',
    'trimtab_incidents_total{model="m",monitor="error"} 1',
    'trimtab_triggers_total{model="m",reason="drift",decision="fired"} 1',
    'trimtab_run_outcomes_total{model="m",outcome="promoted"} 1',
    'trimtab_job_tokens_per_second{model="m"} 1000',
    'trimtab_promotions_total{model="m",kind="promotion"} 1',
    'trimtab_predict_rows_total{model="m"} 2',
    'trimtab_http_request_seconds_count{method="GET",route="/v1/models/:name",status="200"} 1',
  ]) {
    expect(lines).toContain(line);
  }
});

test('every series carries the house\'s name', async () => {
  const text = await createMetrics(createEvents()).text();
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !name?.startsWith('trimtab_'))).toEqual([]);
});

test('a listener that throws disturbs nobody', () => {
  const seen: [string, EventType][] = [];
  const events = createEvents((error, type) => seen.push([(error as Error).message, type]));
  const heard: number[] = [];
  events.on('predict', () => {
    throw new Error('broken dashboard');
  });
  const stop = events.on('predict', ({ rows }) => heard.push(rows));
  events.emit('predict', { model: 'm', seconds: 0, rows: 1 });
  stop();
  events.emit('predict', { model: 'm', seconds: 0, rows: 2 });
  expect(heard).toEqual([1]);
  expect(seen).toEqual([['broken dashboard', 'predict'], ['broken dashboard', 'predict']]);
});

test('a secret does not reach the log', () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', pretty: false, destination: { write: (line) => void lines.push(line) } });
  log.info({ req: { headers: { authorization: 'Bearer trk_secret' } }, apiKey: 'trk_secret' }, 'hello');
  log.debug('below the level');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('trk_secret');
  expect(lines[0]).toContain('hello');
});
