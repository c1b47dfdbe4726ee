/** Feedback is counted by what the confidence of its prediction promised, and the alarm of calibrated scores is kept whole. */
import { expect, it } from 'vitest';
import { createIngest } from '../../src/ingest/index.ts';
import { decodeProfile, UNIT } from '../../src/profile/index.ts';
import { binScores } from '../../src/statistics/confidence-bins.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import { insertCalibration } from '../../src/store/performance.ts';
import { DAY, MINUTE } from '../../src/vocabulary.ts';
import { testDatabase } from '../support/postgres.ts';
import { promote, referenceFor, register, rowsOnCourse, START, world } from './support.ts';

const { pool } = await testDatabase();

it('sure answers that are wrong as often as unsure ones ever were: counted, alarmed, shown and replayed', async () => {
  await ensurePartitions(pool, START, new Date(START.getTime() + DAY));
  await register(pool, {}, 'sure');
  // 0.95 is right nineteen times in twenty, 0.6 six times in ten
  const rows = rowsOnCourse(4_000).map((row, i) => ({ ...row, confidence: i % 2 === 0 ? 0.95 : 0.6, trueLabel: (i % 2 === 0 ? i % 40 !== 0 : i % 20 < 12) ? row.label : 'z' }));
  await promote(pool, 'sure--v1', 1, START, referenceFor('sure--v1', rows), 'sure');
  await insertCalibration(pool, { reference: 'sure--v1-reference', metric: 'accuracy', bins: binScores(rows.map(({ confidence, label, trueLabel }) => ({ confidence, score: Number(label === trueLabel) }))) });
  const w = world(pool);
  const ingest = createIngest({ pool, clock: w.clock, events: { emit: () => {} } });
  let last = await pane(0);
  const { rows: [stored] } = await pool.query<{ profile: Uint8Array }>('select profile from pane_profiles where model = $1', ['sure']);
  // 80 rows of 0.95, of which a quarter is wrong
  expect(decodeProfile(stored?.profile as Uint8Array).gaps).toEqual(new Map([['1', { labelled: 80, expected: 80 * Math.round(0.95 * UNIT), sum: expect.closeTo(60 * 0.475 * UNIT + 20 * 0.975 * UNIT, -3), squares: expect.any(Number) }]]));
  for (let i = 1; i < 40 && !last?.opened.some(({ kind }) => kind === 'calibration'); i++) last = await pane(i);
  const incidents = await w.drift.incidents.list({ model: 'sure' });
  const evidence = incidents.flatMap((each) => [each.evidence, ...each.evidence.joined]).find(({ kind }) => kind === 'calibration');
  expect(evidence).toMatchObject({ stream: 'confidences promise too much', n: expect.any(Number) });
  expect(evidence?.mean).toBeCloseTo(0.2, 1);
  expect(evidence?.sampleIds.length).toBe(10);
  // wrong ones alone
  expect(evidence?.sampleIds.every((id) => Number(id.split('-').at(-1)) % 4 === 0)).toBe(true);
  for (const { id } of incidents) expect((await w.drift.incidents.replay(id)).every(({ same }) => same)).toBe(true);
  await ingest.stop();

  async function pane(number: number) {
    const ids = Array.from({ length: 80 }, (_, i) => `sure-${number * 80 + i}`);
    await ingest.predictions(ids.map((id, i) => ({ model: 'sure', id, input: 'raise my card limit', label: 'abc'[i % 3] as string, confidence: 0.95 })));
    await ingest.feedback(ids.map((predictionId, i) => ({ model: 'sure', predictionId, label: i % 4 === 0 ? 'z' : ('abc'[i % 3] as string) })));
    w.clock.advance(5 * MINUTE);
    const [closed] = await w.drift.closeDuePanes();
    return closed;
  }
});
