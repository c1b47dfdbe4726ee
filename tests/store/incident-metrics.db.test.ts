import { runMigrations } from 'graphile-worker';
import { beforeAll, expect, test } from 'vitest';
import { parseSpec } from '../../src/spec.ts';
import { insertIncident, joinIncident, muteIncident } from '../../src/store/incidents.ts';
import { putModel } from '../../src/store/models.ts';
import { transaction } from '../../src/store/postgres.ts';
import { readState } from '../../src/store/state.ts';
import { HOUR } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const now = new Date();
beforeAll(() => runMigrations({ pgPool: pool }));

test('metrics know each kind of monitor of an incident, not its first alone, and whether it is muted', async () => {
  await transaction(pool, (db) => putModel(db, parseSpec({ name: 'm', task: 'classification', serving: {} }), now));
  const evidence = (kind: string, effect: number) => ({ kind, effect, interval: [effect - 0.1, effect + 0.1] });
  await insertIncident(pool, { id: 'i1', model: 'm', monitor: 'labels', level: 'log', adapter: 'a', reference: 'r', pane: 1, evidence: { ...evidence('labels', 0.2), joined: [] }, now });
  await joinIncident(pool, 'i1', { monitor: 'error', evidence: evidence('error', 0.4), level: { level: 'page' }, now });
  const told = async () => (await readState(pool)).incidents.map(({ monitor, state, effect }) => [monitor, state, effect.estimate]);
  expect(await told()).toEqual([['error', 'open', 0.4], ['labels', 'open', 0.2]]);
  await muteIncident(pool, 'i1', { until: new Date(Date.now() + HOUR), by: 'ann', reason: 'a release' });
  expect(await told()).toEqual([['error', 'muted', 0.4], ['labels', 'muted', 0.2]]);
  await muteIncident(pool, 'i1', { until: new Date(Date.now() - HOUR), by: 'ann', reason: 'over' });
  expect(await told()).toEqual([['error', 'open', 0.4], ['labels', 'open', 0.2]]);
});
