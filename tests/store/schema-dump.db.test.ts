import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { difference, dumpSchema } from '../../src/store/schema-dump.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool } = await testDatabase();
const committed = await readFile(path.resolve(import.meta.dirname, '../../migrations/schema.sql'), 'utf8');

test('the committed dump is what the migrations make', async () => {
  expect(await dumpSchema(pool)).toBe(committed);
});

test('a column, a constraint, an index, a trigger and a function that are not in the dump are seen', async () => {
  const before = await dumpSchema(pool);
  await pool.query('create table extra (a int not null default 7 check (a > 0))');
  await pool.query('create unique index extra_a on extra (a) where a > 3');
  await pool.query('create function extra_tell() returns trigger language plpgsql as $$ begin return null; end $$');
  await pool.query('create trigger extra_tell after insert on extra for each row execute function extra_tell()');
  const changed = await dumpSchema(pool);
  await pool.query('drop table extra; drop function extra_tell');
  expect(difference(before, changed).split('\n')).toEqual([
    '+ create table extra (',
    '+   a integer not null default 7,',
    '+   constraint extra_a_check CHECK ((a > 0))',
    '+ CREATE UNIQUE INDEX extra_a ON public.extra USING btree (a) WHERE (a > 3);',
    '+ CREATE TRIGGER extra_tell AFTER INSERT ON public.extra FOR EACH ROW EXECUTE FUNCTION extra_tell();',
    '+ CREATE OR REPLACE FUNCTION public.extra_tell()',
    '+ AS $function$ begin return null; end $function$;',
  ]);
});
