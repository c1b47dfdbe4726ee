/** The page in a real browser on the real service, from an empty fleet to an alarm, with the views as a person sees them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALM } from '../../src/demo/generator/world.ts';
import { axe, buildPage, CHROMIUM, openBrowser, openPage, ROOT, SHOTS, type Watched } from './support.ts';
import { drift, learn, MODEL, register, startWorld, type World } from './world.ts';

const SCHEMES = ['light', 'dark'] as const;

describe.skipIf(CHROMIUM === null)('the page', () => {
  let [browser, world, watched] = [] as never as [Browser, World, Watched];
  let page: Page;

  beforeAll(async () => {
    buildPage();
    world = await startWorld();
    browser = await openBrowser();
    watched = await openPage(browser, world.url);
    page = watched.page;
    console.log(`screenshots: ${SHOTS}`);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });

  const goTo = async (place: string, heading: string) => {
    await page.goto(`${world.url}/#${place}`);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  };

  /** Each view as it is, in both schemes and on a narrow screen: accessible, and kept as a picture. */
  const look = async (name: string) => {
    for (const scheme of SCHEMES) {
      await page.emulateMedia({ colorScheme: scheme });
      expect([name, scheme, await axe(page)]).toEqual([name, scheme, []]);
      await page.screenshot({ path: path.join(SHOTS, `${name}-${scheme}.png`), fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 800 });
    expect([name, 'sideways', await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)]).toEqual([name, 'sideways', true]);
    await page.screenshot({ path: path.join(SHOTS, `${name}-narrow.png`), fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
  };

  test('it asks for a key, says when it is wrong, and lets the right one in', async () => {
    await page.goto(world.url);
    const dialog = page.getByRole('dialog', { name: 'API key' });
    await dialog.waitFor();
    await look('key');
    await dialog.getByLabel('Key').fill('trk_wrong');
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await dialog.waitFor();
    await dialog.getByLabel('Key').fill(world.key);
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await page.getByText('No model is registered yet.').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await look('fleet-empty');
  });

  test('a model that is registered appears, and its empty course says what to do', async () => {
    await register(world);
    await goTo('/', 'Fleet');
    await page.reload();
    await page.getByText('nothing is live yet').waitFor();
    await page.getByRole('link', { name: MODEL }).click();
    await page.getByText('No prediction has come yet.').waitFor();
    await look('model-empty');
  });

  test('a run is followed live, and its adapter goes live when somebody lets it', async () => {
    await learn(world);
    const [run] = await world.client.runs(MODEL);
    await goTo(`/models/${MODEL}/runs`, MODEL);
    await page.getByRole('link', { name: 'Run 1' }).click();
    await page.getByRole('heading', { level: 1, name: `Run 1 of ${MODEL}` }).waitFor();
    await page.getByRole('heading', { name: 'Verdict' }).waitFor();
    await page.getByRole('group', { name: /^Loss/ }).waitFor();
    await page.getByRole('table', { name: /^What this run trained and stores/ }).getByText('Gradients and AdamW’s moments').waitFor();
    await page.getByRole('button', { name: /^Challenger wrong/ }).click();
    await expect.poll(() => page.url()).toContain('rows=wrong');
    await look('run');
    await page.getByRole('button', { name: 'Approve …' }).click();
    const dialog = page.getByRole('dialog');
    await look('approve');
    await dialog.getByLabel(/^Why/).fill('looked at the exam');
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await dialog.waitFor({ state: 'detached' });
    await world.service.app.idle();
    // told by the stream: nobody reloads
    await page.getByText('promoted', { exact: true }).waitFor();
    expect(await world.client.live(MODEL)).toBe(run?.challenger);
  });

  test('with traffic there is quality; when the world changes there is an alarm, and somebody sees it', async () => {
    for (let i = 0; i < 3; i++) await world.pane(CALM);
    await goTo('/', 'Fleet');
    await page.getByText('on course').waitFor();
    await drift(world);
    await page.getByText(/^[0-9]+ alarms?$/).first().waitFor();
    await look('fleet');
    await page.getByRole('link', { name: MODEL }).click();
    await page.getByRole('heading', { name: 'Over time' }).waitFor();
    await page.locator('.uplot canvas').first().waitFor();
    await look('model');
    await page.getByRole('link', { name: /has drifted/ }).first().click();
    await page.getByRole('heading', { name: 'Predictions that it is about' }).waitFor();
    await page.getByText('answered').first().waitFor();
    await look('incident');
    await page.getByRole('button', { name: 'Acknowledge …' }).click();
    await page.getByRole('dialog').getByLabel(/^Why/).fill('the catalogue changed');
    await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText(/^Seen by/).waitFor();
  });

  /** A pane of this world moves no text beyond chance, and has neither columns nor segments: puts in what a longer change of a richer model leaves. */
  const enrich = (id: string) => world.service.app.parts.pool.query(
    `update incidents set evidence = evidence || jsonb_build_object('joined', jsonb_build_array(evidence || '{"monitor": "confidence", "kind": "confidence"}')) || jsonb_build_object(
       'assumptions', evidence -> 'assumptions' || '{"doubts": ["labels take 900 s"]}', 'columns', $2::jsonb, 'segments', $3::jsonb,
       'texts', $4::jsonb || jsonb_build_object('sampleIds', jsonb_build_array(evidence -> 'sampleIds' -> 0))) where id = $1`,
    [
      id,
      JSON.stringify([{ column: 'channel', monitor: 'feature:channel', stream: 'chat', mean: 0.24, referenceMean: 0.04, effect: 0.2, interval: [0.1, 0.3], tolerance: 0.02, proven: 0.08 }]),
      JSON.stringify([{ monitor: 'error', segment: 'de', share: 0.4, referenceShare: 0.1 }]),
      JSON.stringify({ rows: 200, before: 600, ngrams: [{ ngram: 'esim transfer', share: 0.2, before: 0.01 }], share: 0.2, shareBefore: 0.01 }),
    ],
  );

  test('an incident says what it calls for and can be computed again; muted with a reason it is seen as muted, until somebody ends that', async () => {
    const [incident] = await world.client.incidents(MODEL);
    await page.getByRole('link', { name: 'Trimtab' }).click();
    await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
    await page.getByRole('table').getByRole('link', { name: incident?.monitor ?? '', exact: true }).first().click();
    await page.getByRole('table', { name: /^Monitors that alarmed/ }).getByText('opened it').waitFor();
    await page.getByRole('heading', { name: 'Assumptions' }).waitFor();
    await page.getByText('No words rose by more than chance.').waitFor();
    await enrich(incident?.id ?? '');
    await page.reload();
    await page.getByRole('table', { name: /^Monitors that alarmed/ }).getByText('joined').waitFor();
    await page.getByText('labels take 900 s').waitFor();
    await page.getByRole('table', { name: /^Columns that moved/ }).getByText('24.0 %').waitFor();
    await page.getByRole('table', { name: /^Segments that moved/ }).getByText('de', { exact: true }).waitFor();
    await page.getByRole('table', { name: /^Words/ }).getByText('esim transfer').waitFor();
    await page.getByText('Texts that have most of them: 1').click();
    await expect.poll(() => page.getByText('answered').count()).toBeGreaterThan(10);
    await page.getByText(incident?.evidence.sampleIds[0] ?? '', { exact: true }).last().waitFor();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('The stored evidence gives all 2 alarms again, bit for bit.').waitFor();
    await page.getByRole('button', { name: 'Mute …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Mute this incident' });
    await dialog.getByLabel(/^For/).selectOption('8h');
    await dialog.getByLabel(/^Why/).fill('a release is under way');
    await look('mute');
    await dialog.getByRole('button', { name: 'Mute', exact: true }).click();
    await page.getByText(/^Muted until .*: a release is under way$/).waitFor();
    await look('incident-muted');
    await goTo('/', 'Fleet');
    await page.getByText('muted', { exact: true }).first().waitFor();
    await look('fleet-muted');
    await page.goBack();
    // loaded anew, from the incident alone: the service lives in another time than the browser
    await page.reload();
    await page.getByRole('button', { name: 'Unmute …' }).click();
    await page.getByRole('dialog').getByLabel(/^Why/).fill('the release is out');
    await page.getByRole('dialog').getByRole('button', { name: 'Unmute' }).click();
    await page.getByRole('button', { name: 'Mute …', exact: true }).waitFor();
    await page.getByText(/^Muted until/).waitFor({ state: 'detached' });
  });

  test('the axis zooms by keys, the stretch stands in the URL, and a chart has its table', async () => {
    await goTo(`/models/${MODEL}`, MODEL);
    const chart = page.getByRole('group', { name: /^Quality/ });
    await chart.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toMatch(/from=.*to=/);
    const shared = page.url();
    await page.getByRole('button', { name: 'Table' }).first().click();
    await page.getByRole('region', { name: /^Quality.*table/ }).getByRole('row').nth(1).waitFor();
    await page.reload();
    expect(page.url()).toBe(shared);
    await chart.focus();
    await page.keyboard.press('0');
    await expect.poll(() => page.url()).not.toMatch(/from=/);
  });

  test('a record is verified, and the dataset behind it looked at', async () => {
    await goTo(`/models/${MODEL}/records`, MODEL);
    await page.getByRole('link', { name: 'decision' }).first().click();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('The chain is whole.').waitFor();
    await page.getByText(/gave the recorded evaluation/).waitFor();
    await look('record');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
    expect(download.suggestedFilename()).toBe(`${MODEL}--record-1.json`);
    await goTo(`/models/${MODEL}/datasets`, MODEL);
    await page.getByRole('table', { name: /^Datasets/ }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Lineage' }).waitFor();
    await page.getByRole('table', { name: 'First train rows' }).waitFor();
    await look('dataset');
  });

  test('predictions are labelled from the keyboard, and what a labeller chose teaches and never measures', async () => {
    await goTo(`/models/${MODEL}/queue`, MODEL);
    const card = page.getByRole('article', { name: 'Prediction to label' });
    await card.waitFor();
    await look('queue');
    const first = await card.locator('.text').textContent();
    await page.keyboard.press('1');
    await page.getByText(/^1 labelled/).waitFor();
    expect(await card.locator('.text').textContent()).not.toBe(first);
    await page.keyboard.press(' ');
    await page.getByText(/1 skipped/).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('roam');
    await page.keyboard.press('Enter');
    await page.getByText(/^2 labelled/).waitFor();
    const { rows } = await world.service.app.parts.pool.query<{ chosen: boolean; n: number }>('select chosen, count(*)::int as n from feedback where chosen group by chosen');
    expect(rows).toEqual([{ chosen: true, n: 2 }]);
    await page.getByRole('button', { name: 'Drawn by chance' }).click();
    await expect.poll(() => page.url()).toContain('by=chance');
    await card.waitFor();
  });

  test('a policy is read on the page, and who changed it is one step away', async () => {
    await goTo(`/models/${MODEL}/policy`, MODEL);
    await page.getByText('1200', { exact: true }).waitFor();
    await page.getByText('rollout', { exact: true }).waitFor();
    await look('policy');
    await page.getByRole('link', { name: `audit of ${MODEL}` }).click();
    await page.getByRole('table', { name: /^Actions/ }).getByText('put-model').waitFor();
    expect(page.url()).toContain(`#/audit?model=${MODEL}`);
  });

  test('who did what stands in the audit', async () => {
    await goTo('/audit', 'Audit');
    const table = page.getByRole('table', { name: /^Actions/ });
    await table.getByText('looked at the exam').waitFor();
    await table.getByText('the catalogue changed').waitFor();
    await table.getByText('a release is under way').waitFor();
    await table.getByText('the release is out').waitFor();
    await look('audit');
    await table.getByRole('link', { name: `${MODEL}-r1` }).click();
    await page.getByRole('heading', { level: 1, name: `Run 1 of ${MODEL}` }).waitFor();
  });

  test('an endpoint is registered and tried from one form; one that cannot be reached says why', async () => {
    await goTo('/webhooks', 'Webhooks');
    await look('webhooks-empty');
    await page.getByRole('button', { name: 'New endpoint …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('ops');
    await dialog.getByLabel(/^URL/).fill('https://127.0.0.1:9/hook');
    await dialog.getByRole('button', { name: 'Register and try' }).click();
    await dialog.getByText(/an address that is not public/).waitFor();
    // a name that leads nowhere, by RFC 2606
    await dialog.getByLabel(/^URL/).fill('https://hooks.example/x');
    await dialog.getByLabel(/^Of/).selectOption(MODEL);
    await look('webhooks-new');
    // the secret is shown this once, so also when the try itself goes wrong
    await page.route('**/v1/webhooks/endpoints/ops/test', (route) => route.abort(), { times: 1 });
    await dialog.getByRole('button', { name: 'Register and try' }).click();
    await dialog.getByText('The service does not answer.', { exact: false }).waitFor();
    await dialog.getByText(/whsec_/).waitFor();
    await look('webhooks-untried');
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('table', { name: 'Endpoints' }).getByText(MODEL).waitFor();
    await page.getByRole('button', { name: 'New endpoint …' }).click();
    await dialog.getByLabel('Name').fill('ops');
    await dialog.getByLabel(/^URL/).fill('https://hooks.example/other');
    await dialog.getByRole('button', { name: 'Register and try' }).click();
    await dialog.getByText('There is an endpoint ops already.', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Leave it' }).click();
    await page.getByRole('link', { name: 'ops' }).click();
    await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
    await page.getByRole('button', { name: 'Send a test message' }).click();
    await page.getByText(/did not arrive/).waitFor();
    await look('endpoint');
    await page.getByRole('button', { name: 'Disable …' }).click();
    await page.getByRole('dialog').getByLabel(/^Why/).fill('the chat is moving');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByText('bootstrap: the chat is moving').waitFor();
    await look('endpoint-disabled');
    await page.getByRole('button', { name: 'Enable …' }).click();
    await page.getByRole('dialog').getByLabel(/^Why/).fill('it has moved');
    await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click();
    await page.getByText('in order', { exact: true }).waitFor();
    await goTo('/audit', 'Audit');
    for (const told of ['registered: standard, hooks.example', 'the chat is moving', 'it has moved', 'was disabled']) await page.getByText(told).waitFor();
  });

  test('all of it weighs at most 150 kB, compressed', () => {
    const assets = path.join(ROOT, 'dist/ui/assets');
    const bytes = readdirSync(assets).reduce((sum, name) => sum + gzipSync(readFileSync(path.join(assets, name))).length, 0);
    expect(bytes).toBeLessThan(150_000);
    expect(bytes).toBeGreaterThan(10_000);
  });

  test('an address that leads nowhere says so', async () => {
    await goTo('/nothing/here', 'There is nothing here');
    await look('nowhere');
  });

  test('nothing failed in silence, and no other host was asked', () => {
    expect(watched.faults).toEqual([]);
  });
});
