/** The state as metrics tell it, from the real database of a model that was trained, went live, answered and drifted. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import { home, rows, service, spec } from '../runs/world.ts';

const { url } = await testDatabase();
let place: Awaited<ReturnType<typeof home>>;
let world: Awaited<ReturnType<typeof service>>;
beforeAll(async () => {
  place = await home();
  world = await service(url, place.root);
});
afterAll(async () => {
  await world.app.stop();
  await place.remove();
});

const scrape = async () => (await world.app.http.inject({ url: '/metrics', headers: { accept: 'application/openmetrics-text' } })).body.split('\n');
const named = (lines: readonly string[], start: string) => lines.filter((line) => line.startsWith(start));

test('from nothing to drift', { timeout: 180_000 }, async () => {
  const monitor = { pane: '2s', alarmBudget: { maxFalseAlarms: 1, per: '1m' } };
  await world.call('PUT', '/v1/models/m', spec('m', { monitor }));
  await world.call('POST', '/v1/models/m/import', rows(240, 1));
  const before = await scrape();
  expect(before).toContain('trimtab_database_up 1');
  expect(before).toContain('trimtab_model_info{model="m",task="classification",target="builtin"} 1');
  expect(named(before, 'trimtab_live_adapter_info{')).toEqual([]);

  const opened = await world.call<{ runId: string }>('POST', '/v1/models/m/triggers', { why: 'test' });
  const run = opened.body.runId;
  await world.app.parts.runs.advance(run);
  const { challenger } = await world.app.parts.runs.get(run);
  await world.app.parts.runs.advance((await world.call<{ runId: string }>('POST', '/v1/models/m/triggers', { why: 'again' })).body.runId);

  // wrong labels for every answer: as far off course as can be
  const traffic = rows(300, 2);
  const ids = traffic.map(({ id }) => id);
  const answered = await world.call<{ predictions: { id: string; label: string }[] }>('POST', '/v1/models/m/predict', { texts: traffic.map(({ text }) => text), ids });
  await world.call('POST', '/v1/feedback', answered.body.predictions.map(({ id, label }) => ({ model: 'm', predictionId: id, label: label === 'music' ? 'travel' : 'music' })));
  world.clock.advance(2_000);
  await world.app.parts.drift.closeDuePanes();
  // what was read a moment ago is told again for a second
  const lines = await freshly();

  expect(named(lines, 'trimtab_live_adapter_info{')).toHaveLength(1);
  expect(lines.some((line) => line.startsWith(`trimtab_live_adapter_info{model="m",adapter="${challenger}"}`))).toBe(false);
  for (const start of [
    'trimtab_live_since_timestamp_seconds{model="m"} 1778371', 'trimtab_runs{model="m",state="watch"} 1', 'trimtab_run_state_entered_timestamp_seconds{model="m",state="watch"}',
    'trimtab_run_finished_timestamp_seconds{model="m",outcome="promoted"}', 'trimtab_exam_score_ratio{model="m",sitter="champion",bound="lower"}', 'trimtab_exam_rows{model="m"}',
    'trimtab_incident_opened_timestamp_seconds{model="m",monitor="error",state="open"}', 'trimtab_monitor_value{model="m",monitor="error"}',
    'trimtab_incident_effect_ratio{model="m",monitor="error",bound="lower"} 0.', 'trimtab_monitor_effect_ratio{model="m",monitor="unseen",bound="lower"}', 'trimtab_quality_reference_ratio{model="m"}', 'trimtab_quality_labelled_rows{model="m"} 300',
    'trimtab_quality_score_ratio{model="m",bound="estimate"} 0', 'trimtab_queue_jobs{state="failed"} 0',
    'trimtab_training_seconds_total{model="m",kind="train",device="cpu"}', 'trimtab_training_tokens_total{model="m",kind="predict"}',
    'trimtab_run_state_seconds_count{state="evaluate"} 2', 'trimtab_target_confirmed_timestamp_seconds{model="m"}',
  ]) expect(named(lines, start), start).toHaveLength(1);
  expect(lines.find((line) => line.startsWith('trimtab_run_outcomes_total{model="m",outcome="promoted"} 1'))).toContain(`# {run="${run}"}`);
  expect(named(lines, 'trimtab_incidents_total{model="m",monitor="error"} 1')[0]).toMatch(/# \{incident="m-\d+-error"\}/);
});

/** The first scrape that a second read of the database answers. */
async function freshly(): Promise<string[]> {
  for (;;) {
    const lines = await scrape();
    if (named(lines, 'trimtab_live_adapter_info{').length > 0) return lines;
  }
}
