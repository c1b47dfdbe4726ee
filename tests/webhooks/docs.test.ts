/** What docs/webhooks.md shows is what the code takes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { newWebhookSecret, signWebhook } from '../../src/auth/webhook-signatures.ts';
import { DAY, HOUR, MINUTE, SECOND, WEBHOOK_SOURCES, WEBHOOK_TARGETS, WEBHOOK_TYPES } from '../../src/vocabulary.ts';
import { RETRY_DELAYS } from '../../src/webhooks/out/schedule.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/webhooks.md'), 'utf8');
const openssl = spawnSync('openssl', ['version']).status === 0;

test.skipIf(!openssl)('the shell lines sign as the service verifies', () => {
  const lines = /^ {4}body=[^]*?^ {4}signature=.*$/m.exec(page)?.[0] as string;
  const SECRET = newWebhookSecret('standard', '');
  const { stdout, status } = spawnSync('sh', ['-ec', `${lines}\nprintf '%s\\n' "$id" "$at" "$body" "v1,$signature"`], { env: { PATH: process.env['PATH'], SECRET }, encoding: 'utf8' });
  expect(status).toBe(0);
  const [id, at, body, signature] = stdout.split('\n') as [string, string, string, string];
  expect(signature).toBe(signWebhook([SECRET], { id, timestamp: Number(at), body }));
});

test('every format, target and type is described, and the table of retries is the one in use', () => {
  for (const word of [...WEBHOOK_SOURCES, ...WEBHOOK_TARGETS, ...WEBHOOK_TYPES]) expect(page).toContain(`\`${word}\``);
  const units: Record<string, number> = { s: SECOND, min: MINUTE, h: HOUR, d: DAY };
  const told = /Tried again after (.*?), each a fifth/.exec(page)?.[1]?.split(/, | and /).map((wait) => Number.parseInt(wait, 10) * (units[wait.split(' ')[1] as string] as number));
  expect(told).toEqual(RETRY_DELAYS);
});
