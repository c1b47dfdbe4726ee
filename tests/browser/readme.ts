/**
 * The two pictures of README.md, of the demo's world on the real service: `node tests/browser/readme.ts`. Five calm panes, then a changed world; once that has
 * raised an incident people label rows of it, a second adapter goes live, and three panes follow. They show the first screen of the model and of its second run.
 */
import path from 'node:path';
import { CALM, CHANGED, createWorld } from '../../src/demo/generator/world.ts';
import { buildPage, openBrowser, openPage, ROOT } from './support.ts';
import { drift, learn, MODEL, register, startWorld, type World } from './world.ts';

const IMAGES = path.join(ROOT, 'docs/images');
const [BEFORE, MOST, AFTER] = [5, 12, 3];
const LABELLED = 1_200;

async function live(world: World): Promise<void> {
  await register(world, { data: { window: '1h' }, rollout: { watch: '12h', approve: 'auto' } });
  await learn(world);
  for (let i = 0; i < BEFORE; i++) await world.pane(CALM);
  const first = await world.client.live(MODEL);
  await drift(world);
  await world.client.importRows(MODEL, createWorld(7, 'labelled').take(LABELLED, CHANGED));
  for (let i = 0; (await world.client.live(MODEL)) === first; i++) {
    if (i === MOST) throw new Error(`after ${MOST} panes of a changed world no second adapter is live`);
    await world.pane(CHANGED);
  }
  for (let i = 0; i < AFTER; i++) await world.pane(CHANGED);
}

buildPage();
const world = await startWorld();
const browser = await openBrowser();
try {
  await live(world);
  const { page } = await openPage(browser, world.url, { key: world.key });
  await page.goto(`${world.url}/#/models/${MODEL}`);
  await page.locator('.uplot canvas').nth(2).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await page.screenshot({ path: path.join(IMAGES, 'model.png') });
  const [run] = await world.client.runs(MODEL);
  await page.goto(`${world.url}/#/runs/${run?.id ?? ''}`);
  await page.getByRole('heading', { name: 'Rows on which they differ' }).waitFor();
  await page.getByText('truth').first().waitFor();
  await page.screenshot({ path: path.join(IMAGES, 'run.png') });
} finally {
  await browser.close();
  await world.stop();
}
