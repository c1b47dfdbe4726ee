/** A replica that does nothing but deliver webhooks, to be killed: the shipped deliverer with short waits between attempts. */
import { createSeal } from '../../src/auth/sealed.ts';
import { openPool } from '../../src/store/postgres.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createWebhooks } from '../../src/webhooks/index.ts';

const [url = '', key = ''] = process.argv.slice(2);
const pool = openPool(url, { max: 30, onError: () => {} });
/** More than any receiver of the test fails in a row. */
const DELAYS = Array.from({ length: 60 }, (_, i) => 5 * (i + 1));

const webhooks = createWebhooks({
  pool, clock: { now: () => new Date() }, events: createEvents(), log: createLogger({ level: 'silent', pretty: false }), seal: createSeal(Buffer.from(key, 'base64')),
  triggers: { request: () => Promise.reject(new Error('nothing comes in here')) }, allow: ['127.0.0.1/32'], delays: DELAYS, everyMs: 10, timeoutMs: 1_000,
});
await webhooks.start();
process.send?.('started');
