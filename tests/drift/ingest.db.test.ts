/** Ingest and the closer together: what was ingested is what was profiled, whoever was faster. */
import { expect, it } from 'vitest';
import { createIngest } from '../../src/ingest/index.ts';
import { addInto, decodeProfile, emptyProfile } from '../../src/profile/index.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { DAY, MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { MODEL, profileOf, promote, register, rowsOnCourse, START, world } from './support.ts';

const { pool } = await testDatabase();

it('profiles equal rows while panes close under the traffic', async () => {
  await register(pool);
  const adapter = 'router--v1-aaaaaaaa';
  const reference = await promote(pool, adapter, 1, START);
  await ensurePartitions(pool, START, new Date(START.getTime() + DAY));
  const { drift, clock } = world(pool);
  const ingest = createIngest({ pool, clock, events: { emit: () => {} } });
  const rows = rowsOnCourse(600);
  const closed = [];
  for (let at = 0; at < rows.length; at += 60) {
    const part = rows.slice(at, at + 60);
    const predictions = part.map(({ id, text, label, confidence }) => ({ model: MODEL, id, input: text, label, confidence }));
    const feedback = part.map(({ id, trueLabel }) => ({ model: MODEL, predictionId: id, label: trueLabel }));
    clock.advance(2 * MINUTE);
    // feedback may come before its prediction
    const [, , panes] = await Promise.all([ingest.predictions(predictions), ingest.feedback(feedback), drift.closeDuePanes()]);
    closed.push(...panes);
  }
  await ingest.stop();
  clock.advance(5 * MINUTE);
  closed.push(...(await drift.closeDuePanes()));
  expect(closed.length).toBeGreaterThan(3);
  expect(closed.reduce((sum, pane) => sum + pane.rows, 0)).toBe(600);
  const { rows: stored } = await pool.query<{ profile: Uint8Array }>('select profile from pane_profiles where model = $1', [MODEL]);
  expect(stored.reduce((sum, row) => addInto(sum, decodeProfile(row.profile)), emptyProfile(reference))).toEqual(profileOf(reference, rows));
});
