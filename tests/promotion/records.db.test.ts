import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/canonical.ts';
import { appendRecord, GENESIS, getRecord, listRecords, verifyChain } from '../../src/promotion/records.ts';
import { transaction } from '../../src/store/postgres.ts';
import { testDatabase } from '../support/postgres.ts';
import { promotions } from './support.ts';

const { pool } = await testDatabase();
const { model } = await promotions(pool);
const at = new Date('2026-01-01T00:00:00.123Z');
const append = (name: string, runId: string | null, body: unknown, kind = 'run') => transaction(pool, (db) => appendRecord(db, { model: name, runId, kind, body, at }));

/** A chain of `n` records of its own, and a client to do harm with. */
async function chain(name: string, n: number): Promise<void> {
  await model(name);
  for (let i = 1; i <= n; i += 1) await append(name, `${name}-${i}`, { number: i, text: 'é "quoted" \u0000' });
}

describe('the chain', () => {
  it('starts at zero, hangs each record on the one before, and can be recomputed by hand', async () => {
    await chain('whole', 3);
    const [third, second, first] = await listRecords(pool, 'whole');
    expect([first!.previous, second!.previous, third!.previous]).toEqual([GENESIS, first!.hash, second!.hash]);
    const { rows } = await pool.query<{ body: string; previous: string; hash: string }>(`select body, previous, hash from records where id = 'whole--record-2'`);
    expect(sha256(rows[0]!.previous + rows[0]!.body)).toBe(rows[0]!.hash);
    expect(await verifyChain(pool, 'whole')).toEqual({ whole: true, records: 3, head: third!.hash });
    expect(await getRecord(pool, second!.id)).toMatchObject({ runId: 'whole-2', content: { number: 2, text: 'é "quoted" \u0000' }, createdAt: at });
  });

  it('is whole when empty, and longer than a page', async () => {
    await chain('long', 0);
    expect(await verifyChain(pool, 'long')).toEqual({ whole: true, records: 0, head: GENESIS });
    await transaction(pool, async (db) => {
      for (let i = 0; i < 450; i += 1) await appendRecord(db, { model: 'long', runId: null, kind: 'note', body: i, at });
    });
    expect(await verifyChain(pool, 'long')).toMatchObject({ whole: true, records: 450 });
    expect((await listRecords(pool, 'long', { before: 11, limit: 5 })).map(({ seq }) => seq)).toEqual([10, 9, 8, 7, 6]);
  });

  it('has one record of a kind for a run, the first, also when written at once', async () => {
    await model('once');
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => append('once', 'once-1', { i })));
    expect(new Set(all.map(({ hash }) => hash)).size).toBe(1);
    expect((await append('once', 'once-1', { late: true }, 'rollback')).seq).toBe(2);
    expect(await verifyChain(pool, 'once')).toMatchObject({ whole: true, records: 2 });
  });

  it('has no gaps and no forks when twenty write at once', async () => {
    await model('crowd');
    await Promise.all(Array.from({ length: 20 }, (_, i) => append('crowd', `crowd-${i}`, { i })));
    expect(await verifyChain(pool, 'crowd')).toMatchObject({ whole: true, records: 20 });
  });

  it('refuses a body that JSON would bend', async () => {
    await expect(append('once', 'once-nan', { p: Number.NaN })).rejects.toThrow(/NaN/);
    await expect(getRecord(pool, 'nobody')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('tampering', () => {
  const harm: [string, string, (name: string) => string][] = [
    ['a body', 'its body does not give its hash', (n) => `update records set body = replace(body, '"number":2', '"number":9') where id = '${n}--record-2'`],
    ['a body with its hash', 'it names', (n) => `update records set body = b.body, hash = encode(sha256(convert_to(r.previous || b.body, 'UTF8')), 'hex') from (select id, replace(body, '"number":2', '"number":9') as body from records) b, records r where r.id = b.id and records.id = b.id and records.id = '${n}--record-2'`],
    ['a column beside the body', 'its columns differ', (n) => `update records set run_id = 'someone-else-${n}' where id = '${n}--record-2'`],
    ['its time', 'its columns differ', (n) => `update records set created_at = created_at + interval '1 day' where id = '${n}--record-2'`],
    ['its id', 'its id is not', (n) => `update records set id = '${n}--record-7' where id = '${n}--record-2'`],
    ['a record taken out', 'record 2 is missing', (n) => `delete from records where id = '${n}--record-2'`],
    ['the first taken out', 'record 1 is missing', (n) => `delete from records where id = '${n}--record-1'`],
  ];
  it.each(harm)('of %s is found, with its place', async (what, problem, sql) => {
    const name = `harm-${harm.findIndex(([which]) => which === what)}`;
    await chain(name, 4);
    const { rowCount } = await pool.query(sql(name));
    expect(rowCount).toBe(1);
    const check = await verifyChain(pool, name);
    if (check.whole) throw new Error('the chain passed');
    expect(check.brokenAt.problem).toContain(problem);
    expect(check.records).toBe({ 'a body with its hash': 2, 'the first taken out': 0 }[what] ?? 1);
  });
});
