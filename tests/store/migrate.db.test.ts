import { expect, test } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { testDatabase } from '../support/postgres.ts';

const { pool, url } = await testDatabase();

test('migrating an up-to-date database does nothing', async () => {
  expect(await migrate(url)).toEqual([]);
});

test('the open pane of a model is unique', async () => {
  await pool.query(`insert into models values ('m', '{}', 1, now(), now())`);
  await pool.query(`insert into panes values ('m', 1, now(), null)`);
  await expect(pool.query(`insert into panes values ('m', 2, now(), null)`)).rejects.toThrow(/panes_open/);
});
