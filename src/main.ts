/** The process: config, app, signals, exit code. */
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { messageOf } from './errors.ts';

/** Until there is something to stop. As the first process of a container we have no default action: without this a start that waits would sit out its whole grace. */
const leave = () => process.exit(1);
process.once('SIGTERM', leave);
process.once('SIGINT', leave);

try {
  const app = await createApp({ config: readConfig() });
  const stop = (signal: string) => {
    app.parts.log.info({ signal }, 'stopping');
    app.stop().then(() => process.exit(0), () => process.exit(1));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.off(signal, leave);
    process.once(signal, stop);
  }
  await app.start();
  app.parts.log.info({ url: app.url }, 'trimtab is up');
} catch (error) {
  process.stderr.write(`trimtab does not start: ${messageOf(error)}\n`);
  process.exit(1);
}
