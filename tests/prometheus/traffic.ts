/** A little of everything that metrics tell of: two runs, one watched; one that waits for approval; one that fails; drift that waits for labels. */
import { rows, spec } from '../runs/world.ts';
import { until } from './process.ts';
import type { Service } from './service.ts';

const LABELLED = 240;
const PANE_ROWS = 120;

interface Run {
  readonly id: string;
  readonly state: string;
}

export async function play(service: Service): Promise<void> {
  const put = (name: string, over: Readonly<Record<string, object>>) => service.call('PUT', `/v1/models/${name}`, spec(name, over));
  const label = (name: string, count: number) => service.call('POST', `/v1/models/${name}/import`, rows(count, 1));
  const run = async (name: string, state: string) => {
    const { runId } = await service.call<{ runId: string }>('POST', `/v1/models/${name}/triggers`, { why: 'to be seen' });
    await until(`run ${runId} is ${state}`, async () => (await service.call<Run>('GET', `/v1/runs/${runId}`)).state === state);
  };

  // several seconds of training on a quick machine: gauges of a training are there while it runs, and must be scraped
  await put('router', {
    monitor: { pane: '2s', alarmBudget: { maxFalseAlarms: 1, per: '1m' } }, retrain: { on: ['drift', 'performance'], minLabels: 1_000_000 }, rollout: { watch: '1h' }, training: { epochs: 300 },
  });
  await label('router', LABELLED);
  await run('router', 'done');
  await run('router', 'watch');
  await put('asked', { rollout: { approve: 'manual', watch: '1s' } });
  await label('asked', LABELLED);
  await run('asked', 'rollout');
  await put('few', {});
  await label('few', 1);
  await run('few', 'done');

  await feed(service, 1, (right) => right);
  await until('the first pane is closed', () => closed(service, PANE_ROWS));
  // every answer is called wrong: as far off course as can be
  await feed(service, 2, (right) => (right === 'music' ? 'travel' : 'music'));
  await until('drift is seen, and its trigger waits', async () => {
    const triggers = await service.call<{ decision: string; reason: string }[]>('GET', '/v1/models/router/triggers');
    return triggers.some(({ decision, reason }) => decision === 'waiting' && reason === 'performance');
  });
  // after an alarm its monitor begins anew: what comes now is what it has an effect of
  await feed(service, 3, (right) => right);
  await until('the last pane is closed', () => closed(service, 3 * PANE_ROWS));
}

/** Sends texts, and tells what `told` makes of each answer. */
export async function feed(service: Service, seed: number, told: (label: string) => string): Promise<void> {
  const texts = rows(PANE_ROWS, seed).map(({ text }) => text);
  const { predictions } = await service.call<{ predictions: { id: string; label: string }[] }>('POST', '/v1/models/router/predict', { texts });
  await service.call('POST', '/v1/feedback', predictions.map(({ id, label }) => ({ model: 'router', predictionId: id, label: told(label) })));
}

/** True when so many rows lie in panes that are closed. */
async function closed(service: Service, count: number): Promise<boolean> {
  const { panes } = await service.call<{ panes: { rows: number }[] }>('GET', '/v1/models/router/drift');
  return panes.reduce((sum, { rows: each }) => sum + each, 0) >= count;
}
