import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createPage } from '../src/page.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'trimtab-built-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const said: string[] = [];
const log = { info: (text: unknown) => void said.push(String(text)), warn: (_: unknown, text: unknown) => void said.push(String(text)) } as unknown as Parameters<typeof createPage>[0]['log'];

test('a page that is missing is built once, in a process beside, and put in place when it is whole', async () => {
  const folder = path.join(home, 'ui');
  const page = createPage({ log, folder });
  expect(page.state()).toEqual({ state: 'missing', why: 'it was not built' });
  page.start();
  expect(page.state()).toEqual({ state: 'building' });
  await expect.poll(() => page.state().state, { timeout: 50_000 }).toBe('ready');
  await page.stop();
  expect(said).toEqual(['the page is being built', 'the page is built']);
  expect(readdirSync(home)).toEqual(['ui']);
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
  // nothing inline and nothing from elsewhere: the policy would refuse it
  expect(html).not.toMatch(/<script[^>]*>[^<]|<style|https?:/);
  for (const [, asset = ''] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) expect(existsSync(path.join(folder, asset))).toBe(true);

  said.length = 0;
  page.start();
  await page.stop();
  expect(said).toEqual([]);
  // older than its sources: built again, and the old one stays until then
  utimesSync(path.join(folder, 'index.html'), new Date(0), new Date(0));
  page.start();
  expect(page.state()).toEqual({ state: 'ready' });
  await page.stop();
});
