/** The process: config, app, signals, exit code. `npm start` runs it, and so does the command `serve`. */
import { createApp } from './app.ts';
import { readConfig, type Config } from './config.ts';
import { messageOf } from './errors.ts';

/** Starts the service, and ends the process once a signal has stopped it. */
export async function serve(config: Config): Promise<void> {
  // Until there is something to stop. As the first process of a container we have no default action: without this a start that waits would sit out its whole grace.
  const leave = () => process.exit(1);
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  const app = await createApp({ config, buildPage: true });
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
}

if (import.meta.main) {
  try {
    await serve(readConfig());
  } catch (error) {
    process.stderr.write(`trimtab does not start: ${messageOf(error)}\n`);
    process.exit(1);
  }
}
