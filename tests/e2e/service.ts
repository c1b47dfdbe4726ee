/**
 * The shipped service as a process that can be told, by a message, where to die: before or after a run enters a state, or at the
 * n-th statement it sends to the database. What tells is patched in here; nothing of it is in the service.
 */
import pg from 'pg';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Ask, Told } from './kill-points.ts';

let armed: Ask | null = null;
let statements = 0;
const tell = (told: Told) => process.send?.(told);
const die = () => process.kill(process.pid, 'SIGKILL');

type Query = (this: pg.Client, ...given: unknown[]) => unknown;
const client = pg.Client.prototype as unknown as { query: Query };
const { query } = client;
client.query = function counted(...given) {
  statements++;
  if (armed?.kind === 'statement' && --armed.left < 0) die();
  if (armed?.kind === 'before' && typeof given[0] === 'string' && given[0].startsWith('update runs set state') && (given[1] as unknown[])[2] === armed.state) die();
  return query.apply(this, given);
};

const app = await createApp({ config: readConfig() });
app.parts.events.on('run:state', ({ state }) => {
  if (armed?.kind === 'after' && armed.state === state) die();
});
process.on('message', (ask: Ask) => {
  armed = ask;
  tell({ armed: true, statements });
});
process.once('SIGTERM', () => void app.stop().then(() => process.exit(0), () => process.exit(1)));
await app.start();
// the service wakes itself every few seconds; the test has less patience
let ticking = false;
setInterval(() => {
  if (ticking || app.stopping) return;
  ticking = true;
  void app.tick().catch(() => {}).finally(() => (ticking = false));
}, 250);
tell({ url: app.url });
