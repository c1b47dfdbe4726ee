/** `migrate`: brings the schema up to date before a service of this version starts with TRIMTAB_MIGRATE=off. */
import { runMigrations } from 'graphile-worker';
import { databaseNow } from '../../store/clock.ts';
import { readArguments, textOf } from '../arguments.ts';
import type { Command } from '../command.ts';
import { withStore } from '../open.ts';

const usage = 'migrate';

export const migrateCommand: Command = {
  words: ['migrate'],
  usage,
  summary: 'bring the schema of the database up to date; the service does so itself unless TRIMTAB_MIGRATE=off',
  async run(args, context) {
    const parsed = readArguments(args, [], usage);
    const at = await withStore({ ...context.config(textOf(parsed, 'data')), migrate: true }, async ({ pool }) => {
      await runMigrations({ pgPool: pool });
      return databaseNow(pool);
    });
    context.out(parsed.values['json'] === true ? JSON.stringify({ at: at.toISOString() }) : 'the schema is up to date');
    return 0;
  },
};
