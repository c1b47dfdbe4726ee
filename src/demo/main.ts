/** `npm run demo`: the whole loop on the real service, live. With --exit, code 0 only if every stage came out as told. */
import { isTrimtabError } from '../errors.ts';
import { createChecks, StageFailed } from './checks.ts';
import { createClient } from './client.ts';
import type { Demo } from './context.ts';
import { prepareFolder } from './folder.ts';
import { createWorld } from './generator/world.ts';
import { narrate } from './narrator.ts';
import { parseOptions, type DemoOptions } from './options.ts';
import { createScreen, type Screen } from './screen.ts';
import { MODEL, PANE } from './spec.ts';
import { change } from './stages/change.ts';
import { learn } from './stages/learn.ts';
import { noise } from './stages/noise.ts';
import { record } from './stages/record.ts';
import { steady } from './stages/steady.ts';
import { startService } from './start.ts';

async function main(options: DemoOptions): Promise<number> {
  const started = performance.now();
  const screen = createScreen(process.stdout);
  const interrupted = new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  screen.title(`Trimtab demo, seed ${options.seed}`);
  const folder = await prepareFolder(options.data);
  const { service, key, stop } = await startService({ dataDir: folder.dir, port: options.port, pane: PANE, workers: options.workers, gate: options.gate });
  try {
    const { url } = service.app;
    screen.line('page', url);
    screen.line('its key', key);
    screen.line('data', folder.dir);
    const checks = createChecks(screen);
    const demo: Demo = { client: createClient(url, key), service, world: createWorld(options.seed), screen, checks, seed: options.seed, folder: folder.dir };
    await playAll(demo);
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    screen.title(checks.failed.length === 0 ? `Everything came out as told, in ${seconds} s` : `${checks.failed.length} of ${checks.count} came out otherwise, in ${seconds} s`);
    if (!options.exit) {
      whereToLook(screen, url, key);
      await interrupted;
    }
    return checks.failed.length === 0 ? 0 : 1;
  } finally {
    await stop();
    await folder.remove();
  }
}

async function playAll(demo: Demo): Promise<void> {
  const silence = narrate(demo.service.events, demo.screen);
  try {
    await learn(demo);
    const calm = await steady(demo);
    await change(demo, calm);
    const refused = await noise(demo);
    if (refused !== null) await record(demo, refused);
  } catch (error) {
    // what failed is shown already, and what follows would make no sense
    if (!(error instanceof StageFailed)) throw error;
  } finally {
    silence();
  }
}

function whereToLook(screen: Screen, url: string, key: string): void {
  const get = (path: string) => `curl -s -H 'authorization: Bearer ${key}' ${url}${path}`;
  screen.title('The service runs on until Ctrl-C. Where to look:');
  for (const path of [`/v1/models/${MODEL}/drift`, `/v1/runs?model=${MODEL}`, `/v1/models/${MODEL}/promotions`, `/v1/models/${MODEL}/records`, `/v1/incidents?model=${MODEL}`]) screen.text(`   ${get(path)}`);
  screen.text(`   curl -s -H 'authorization: Bearer ${key}' -H 'content-type: application/json' \\\n     -d '{"text":"my phone was stolen in Greyport, block it","log":false}' ${url}/v1/models/${MODEL}/predict`);
}

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!isTrimtabError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
