/** A real browser on the real service: the system's Chromium, driven by playwright-core. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The browser's program; null where none is found, and then it is said. */
export const CHROMIUM = CANDIDATES.find((candidate) => existsSync(candidate)) ?? null;
if (CHROMIUM === null) console.warn('SKIPPED: no Chromium is on this machine (Debian: apt-get install chromium); the page is not tested in a browser');

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** Screenshots, for a person to look at. */
export const SHOTS = mkdtempSync(path.join(os.tmpdir(), 'trimtab-shots-'));

export function buildPage(): void {
  execFileSync(process.execPath, [path.join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error'], { cwd: ROOT, stdio: 'inherit' });
}

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox'] });

/** What a page must never do: fail silently, or ask another host. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts and of the policy, and requests to elsewhere. */
  readonly faults: string[];
}

export async function openPage(browser: Browser, url: string, options: { scheme?: 'light' | 'dark'; width?: number; key?: string } = {}): Promise<Watched> {
  const context = await browser.newContext({ colorScheme: options.scheme ?? 'light', viewport: { width: options.width ?? 1280, height: 900 }, timezoneId: 'UTC', locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  // a refused request stands in the console too, and is what some tests are after
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(`request to ${request.url()}`); });
  if (options.key !== undefined) await page.addInitScript((key) => sessionStorage.setItem('trimtab.key', key), options.key);
  return { page, context, faults };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[];
}

/** What axe-core finds against WCAG 2.2 AA and its best practices, in words. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => (await (globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }).axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations);
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${JSON.stringify(target)} ${failureSummary ?? ''}`).join('; ')}`);
}
