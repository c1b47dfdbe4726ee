import { beforeAll, expect, it } from 'vitest';
import { MOST_SLIDING, remember, type Memo } from '../../src/drift/report.ts';
import { slide, type SlidingWindow } from '../../src/drift/sliding.ts';
import { addEncoded, decodeProfile, encodeProfile, type ReferenceBody } from '../../src/profile/index.ts';
import { paneProfilesAfter } from '../../src/store/drift.ts';
import type { Queryable } from '../../src/store/postgres.ts';
import { MODEL, playPane, promote, register, rowsOnCourse, START, world } from './support.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const A1 = 'router--v1-aaaaaaaa';
const LIVE = { adapter: A1, reference: `${A1}-reference` };
const LENGTH = 5;
let reference: ReferenceBody;
const here = world(pool);

/** Plays pane after pane; the third of ten has no rows. */
async function play(count: number, from: number): Promise<void> {
  for (let i = from; i < from + count; i++) {
    if (i % 10 === 3) {
      here.clock.advance(5 * 60_000);
      await here.drift.closeDuePanes();
    } else await playPane(pool, here, A1, reference, rowsOnCourse(10 + i, i * 100, 2 + (i % 7)));
  }
}

beforeAll(async () => {
  await register(pool);
  reference = await promote(pool, A1, 1, START);
});

/** All its panes added up, as the bytes that would be stored. */
async function anew(after: number): Promise<{ panes: number[]; bytes: Uint8Array | null }> {
  const [first, ...rest] = await paneProfilesAfter(pool, MODEL, LIVE.adapter, LIVE.reference, after);
  if (first === undefined) return { panes: [], bytes: null };
  return { panes: [first, ...rest].map(({ pane }) => pane), bytes: encodeProfile(rest.reduce((sum, { profile }) => addEncoded(sum, profile), decodeProfile(first.profile))) };
}

const shown = (window: SlidingWindow | null) => ({ panes: window?.panes ?? [], bytes: window === null ? null : encodeProfile(window.profile) });

it('slid pane by pane it is the sum of its panes to the bit, and reads only what comes and goes', async () => {
  let [window, read]: [SlidingWindow | null, number] = [null, 0];
  const query = async (text: string, values: unknown[]) => {
    const found = await pool.query(text, values);
    read += found.rows.length;
    return found;
  };
  const counting = { query } as unknown as Queryable;
  for (let pane = 1; pane <= 24; pane++) {
    await play(1, pane);
    read = 0;
    window = await slide(counting, window, MODEL, LIVE, pane - LENGTH);
    expect(shown(window), `pane ${pane}`).toEqual(await anew(pane - LENGTH));
    expect(read).toBeLessThanOrEqual(2);
  }
});

it('when it grows longer, after a long sleep, a pane that retention took, and another adapter it is added up anew', async () => {
  const window = await slide(pool, null, MODEL, LIVE, 24 - LENGTH);
  expect(shown(await slide(pool, await slide(pool, null, MODEL, LIVE, 22), MODEL, LIVE, 10))).toEqual(await anew(10));
  await play(4, 25);
  expect(shown(await slide(pool, window, MODEL, LIVE, 28 - LENGTH))).toEqual(await anew(28 - LENGTH));
  const full = await slide(pool, null, MODEL, LIVE, 28 - LENGTH);
  await pool.query('delete from pane_profiles where pane = $1', [24]);
  expect(shown(await slide(pool, full, MODEL, LIVE, 24))).toEqual(await anew(24));
  const last = await slide(pool, null, MODEL, LIVE, 24);
  expect(await slide(pool, last, MODEL, { ...LIVE, adapter: 'another' }, 24)).toBeNull();
  expect(shown(await slide(pool, await slide(pool, null, MODEL, LIVE, 24), MODEL, LIVE, 28))).toEqual({ panes: [], bytes: null });
});

it('the report of a service that has seen every pane is that of one that just started', async () => {
  const other = world(pool, here.clock);
  for (let i = 0; i < 3; i++) {
    await play(1, 40 + i);
    const seen = (await here.drift.report(MODEL)).window;
    expect(seen?.rows).toBeGreaterThan(100);
    expect(seen).toEqual((await world(pool, here.clock).drift.report(MODEL)).window);
  }
  const [a, b] = await Promise.all([other.drift.report(MODEL), other.drift.report(MODEL)]);
  expect(a.window).toEqual(b.window);
});

it('windows are held of the models that were asked for last, reports of all', async () => {
  const sliding = await slide(pool, null, MODEL, LIVE, 0);
  const memo: Memo = new Map();
  const ask = (model: string) => remember(memo, model, { of: model, window: null, assumptions: { autocorrelation: null, rhythms: [] }, sliding });
  const models = Array.from({ length: MOST_SLIDING + 2 }, (_, i) => `m${i}`);
  models.forEach(ask);
  ask('m2');
  ask('m0');
  expect([...memo.keys()].sort()).toEqual(models.toSorted());
  expect([...memo].filter(([, each]) => each.sliding === null).map(([model]) => model)).toEqual(['m1', 'm3']);
});
