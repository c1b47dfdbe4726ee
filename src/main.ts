/** The process: config, app, signals, exit code. */
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { messageOf } from './errors.ts';

try {
  const app = await createApp({ config: readConfig() });
  const stop = (signal: string) => {
    app.parts.log.info({ signal }, 'stopping');
    app.stop().then(() => process.exit(0), () => process.exit(1));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await app.start();
  app.parts.log.info({ url: app.url }, 'trimtab is up');
} catch (error) {
  process.stderr.write(`trimtab does not start: ${messageOf(error)}\n`);
  process.exit(1);
}
