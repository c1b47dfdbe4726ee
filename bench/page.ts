/** The page in the system's Chromium on the real service: first paint, frames while zooming through 100,000 points, bytes over the wire. `node bench/page.ts` prints the table. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { BenchRow } from './row.ts';
import { call, withService, type Service } from './service.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const ASSETS = path.join(ROOT, 'dist', 'ui', 'assets');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
const MODEL = 'bench';
const POINTS = 100_000;
/** A few more: points are stretches of equal time, and nearly every one shall have a pane. */
const ROWS = 100_200;
const PAINTS = 7;
/** A minute a pane: the points span ten weeks. */
const PANES = `insert into panes (model, pane, opened_at, closed_at)
  select $1, 1000 + i, now() - ($2 - i + 1) * interval '1 minute', now() - ($2 - i) * interval '1 minute' from generate_series(0, $2 - 1) i`;
const FIGURES = `insert into pane_figures (model, pane, adapter, rows, labelled, loss, squares, confident, confidence, unseen_rows, unseen)
  select $1, 1000 + i, 'a', 200, 100, l.loss, l.loss, 200, 180 + 5 * sin(i / 900.0), 200, 20 + 4 * cos(i / 700.0)
  from generate_series(0, $2 - 1) i cross join lateral (select round((8 + 3 * sin(i / 1500.0) + 4 * random())::numeric)::float8 as loss) l`;
const MONITORS = `insert into monitor_values (model, pane, monitor, value, threshold, alarm)
  select $1, 1000 + i, m, 100 * exp(3 * sin(i / 2000.0 + length(m))), 10000, false from generate_series(0, $2 - 1) i cross join unnest(array['error', 'confidence', 'labels', 'unseen']) m`;

/** None where no Chromium is found; that is said. */
export async function pageRows(): Promise<BenchRow[]> {
  if (CHROMIUM === undefined) {
    process.stderr.write('page: SKIPPED, no Chromium is on this machine\n');
    return [];
  }
  execFileSync(process.execPath, [path.join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error'], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    return [weight(), ...(await withService((service) => measured(browser, service)))];
  } finally {
    await browser.close();
  }
}

function weight(): BenchRow {
  const kilobytes = readdirSync(ASSETS).reduce((sum, name) => sum + gzipSync(readFileSync(path.join(ASSETS, name))).length, 0) / 1000;
  return { name: 'page, all of it, gzip', figure: kilobytes, unit: 'kB', goal: '150 or less', reached: kilobytes <= 150 };
}

async function measured(browser: Browser, { url, pool }: Service): Promise<BenchRow[]> {
  await call(`${url}/v1/models/${MODEL}`, 'PUT', { task: 'classification' });
  for (const statement of [PANES, FIGURES, MONITORS]) await pool.query(statement, [MODEL, ROWS]);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const paint = await medianPaint(page, url);
  await page.goto(`${url}/#/models/${MODEL}?points=${POINTS}`);
  await page.locator('.uplot canvas').first().waitFor({ timeout: 120_000 });
  const { frames, worst, points } = await zoomed(page);
  return [
    { name: `first paint of the fleet, median of ${PAINTS}`, figure: paint, unit: 'ms', goal: '1,000 or less', reached: paint <= 1_000 },
    { name: `frames while three charts of ${points.toLocaleString('en')} points zoom`, figure: frames, unit: 'frames/s', goal: '60, as the screen has', reached: Math.round(frames) >= 60 && points >= 0.999 * POINTS },
    { name: 'longest of those frames, p99', figure: worst, unit: 'ms', goal: 'none', reached: true },
  ];
}

async function medianPaint(page: Page, url: string): Promise<number> {
  const paints: number[] = [];
  for (let i = 0; i < PAINTS; i++) {
    await page.goto('about:blank');
    await page.goto(url);
    await page.getByRole('link', { name: MODEL }).waitFor();
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN));
  }
  return paints.sort((a, b) => a - b)[Math.floor(PAINTS / 2)] as number;
}

/** In the page, as text because it is of a browser: turns the wheel once a frame, in and out again, for five seconds; answers the gaps between frames. */
const ZOOM = `new Promise((resolve) => {
  const plot = document.querySelector('.plot');
  const { left, top, width, height } = plot.getBoundingClientRect();
  const gaps = [];
  const began = performance.now();
  let last = began;
  const frame = (now) => {
    gaps.push(now - last);
    last = now;
    const turn = Math.floor((now - began) / 1000) % 2 === 0 ? -20 : 20;
    plot.dispatchEvent(new WheelEvent('wheel', { deltaY: turn, ctrlKey: true, clientX: left + width * 0.6, clientY: top + height / 2, bubbles: true, cancelable: true }));
    if (now - began < 5000) requestAnimationFrame(frame);
    else resolve(gaps.slice(1));
  };
  requestAnimationFrame(frame);
})`;

async function zoomed(page: Page): Promise<{ frames: number; worst: number; points: number }> {
  const points = await page.evaluate(async (model) => ((await (await fetch(`/v1/models/${model}/timeline?points=100000`)).json()) as { at: number[] }).at.length, MODEL);
  // what the browser still does for the load (parsing megabytes of JSON) is not zooming
  await page.waitForTimeout(2_000);
  const gaps = await page.evaluate<number[]>(ZOOM);
  const sorted = [...gaps].sort((a, b) => a - b);
  return { frames: 1000 / (gaps.reduce((a, b) => a + b, 0) / gaps.length), worst: sorted[Math.floor(sorted.length * 0.99)] as number, points };
}

if (import.meta.main) console.table(await pageRows());
