/** Predictions are partitioned by the UTC day of their arrival, so that retention is a drop and not a delete. */
import { DAY } from '../vocabulary.ts';
import type { Queryable } from './postgres.ts';

/** Makes the partitions of all days in [from, to), where missing. Call it in a transaction: its lock keeps other replicas out. */
export async function ensurePartitions(db: Queryable, from: Date, to: Date): Promise<string[]> {
  await db.query(`select pg_advisory_xact_lock(hashtext('trimtab partitions'))`);
  const there = new Set(await partitionNames(db));
  const made: string[] = [];
  for (let day = startOfDay(from); day < to.getTime(); day += DAY) {
    const name = nameOf(day);
    if (there.has(name)) continue;
    // attached, not created in place: "partition of" would lock out all ingest while it waits for its own lock
    await db.query(
      `create table ${name} (like predictions including defaults including constraints);
       alter table predictions attach partition ${name} for values from ('${iso(day)}') to ('${iso(day + DAY)}')`,
    );
    made.push(name);
  }
  return made;
}

/** Drops the partitions of days that ended by `before`; returns their names. */
export async function dropOldPartitions(db: Queryable, before: Date): Promise<string[]> {
  const dropped: string[] = [];
  for (const name of await partitionNames(db)) {
    if (dayOf(name) + DAY > before.getTime()) continue;
    await db.query(`drop table ${name}`);
    dropped.push(name);
  }
  return dropped;
}

async function partitionNames(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'predictions'::regclass and c.relname ~ '^predictions_[0-9]{8}$' order by 1`,
  );
  return rows.map((row) => row.name);
}

const startOfDay = (time: Date) => Math.floor(time.getTime() / DAY) * DAY;
const iso = (day: number) => new Date(day).toISOString();
const nameOf = (day: number) => `predictions_${iso(day).slice(0, 10).replaceAll('-', '')}`;
const dayOf = (name: string) => Date.parse(name.replace(/^predictions_(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3T00:00:00Z'));
