import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { isWebhookFrom, newWebhookSecret, secretProblem, signWebhook } from '../../src/auth/webhook-signatures.ts';
import { WEBHOOK_AUTHS } from '../../src/vocabulary.ts';

const NOW = new Date('2026-11-30T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const bytes = (text: string) => Buffer.from(text);

describe('Standard Webhooks', () => {
  const signed = (body: string, over: { id?: string; timestamp?: number; secrets?: string[] } = {}) => {
    const { id = 'msg_1', timestamp = SECONDS, secrets = [SECRET] } = over;
    return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signWebhook(secrets, { id, timestamp, body }) };
  };
  const verified = (headers: Record<string, string | string[]>, body: string, secrets = [SECRET]) => isWebhookFrom('standard', secrets, { headers, body: bytes(body), now: NOW });

  test('the reference library signs as we do, whatever the bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.integer({ min: 0, max: 2 ** 33 }), (body, key, timestamp) => {
      const secret = `whsec_${Buffer.from(key).toString('base64')}`;
      expect(signWebhook([secret], { id: 'msg_x', timestamp, body })).toBe(new Webhook(secret).sign('msg_x', new Date(timestamp * 1000), body));
    }));
  });

  test('the reference library takes what we send now, signed by an old and a new secret', () => {
    const other = newWebhookSecret('standard', '');
    const headers = signed('{"a": 1}', { timestamp: Math.floor(Date.now() / 1000), secrets: [other, SECRET] });
    for (const secret of [other, SECRET]) expect(new Webhook(secret).verify('{"a": 1}', headers)).toEqual({ a: 1 });
  });

  test('raw bytes: odd spacing is what was signed, and nothing else is', () => {
    const body = '{ "a" :1e0,\t"b":"\\u00e9"}\n';
    expect(verified(signed(body), body)).toBe(true);
    expect(verified(signed(body), JSON.stringify(JSON.parse(body)))).toBe(false);
  });

  test('any of the secrets, any of the signatures', () => {
    const [a, b] = [newWebhookSecret('standard', ''), newWebhookSecret('standard', '')];
    expect(verified(signed('x', { secrets: [a] }), 'x', [b, a])).toBe(true);
    expect(verified(signed('x', { secrets: [b, a] }), 'x', [a])).toBe(true);
    expect(verified(signed('x', { secrets: [b] }), 'x', [a])).toBe(false);
    expect(verified(signed('x'), 'x', [])).toBe(false);
  });

  test('five minutes either way, and the time is signed', () => {
    for (const [offset, good] of [[300, true], [-300, true], [301, false], [-301, false]] as const) expect(verified(signed('x', { timestamp: SECONDS + offset }), 'x')).toBe(good);
    expect(verified({ ...signed('x', { timestamp: SECONDS - 301 }), 'webhook-timestamp': String(SECONDS) }, 'x')).toBe(false);
  });

  const good = signed('x');
  test.each<[string, Record<string, string | string[]>]>([
    ['nothing', {}],
    ['another id', { ...good, 'webhook-id': 'msg_2' }],
    ['an id that could be cut elsewhere', signed('x', { id: 'msg.1' })],
    ['an id twice', { ...good, 'webhook-id': ['msg_1', 'msg_1'] }],
    ['no time', { ...good, 'webhook-timestamp': '' }],
    ['a time that is none', { ...good, 'webhook-timestamp': `${SECONDS}.0` }],
    ['another version', { ...good, 'webhook-signature': good['webhook-signature'].replace('v1,', 'v1a,') }],
    ['no version', { ...good, 'webhook-signature': good['webhook-signature'].slice(3) }],
    ['a short one', { ...good, 'webhook-signature': good['webhook-signature'].slice(0, -8) }],
    ['the right one behind sixteen wrong ones', { ...good, 'webhook-signature': `${'v1,AAAA '.repeat(16)}${good['webhook-signature']}` }],
  ])('refused: %s', (_what, headers) => expect(verified(headers, 'x')).toBe(false));

  test('no other bytes pass', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (body, other) => {
      expect(verified(signed(body), other)).toBe(body === other);
    }));
  });
});

describe('GitHub', () => {
  // the example in GitHub's documentation, "Validating webhook deliveries"
  const secret = "It's a Secret to Everybody";
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const verified = (header: string, secrets = [secret], body = 'Hello, World!') => isWebhookFrom('github', secrets, { headers: { 'x-hub-signature-256': header }, body: bytes(body), now: NOW });

  test('the documented example, also while secrets rotate', () => {
    expect(verified(signature)).toBe(true);
    expect(verified(signature, ['another secret', secret])).toBe(true);
    expect(verified(signature, ['another secret'])).toBe(false);
    expect(verified(signature, [secret], 'Hello, World?')).toBe(false);
  });
  test.each(['', signature.slice(7), signature.toUpperCase(), signature.slice(0, -2), `${signature}00`, `sha1=${createHmac('sha1', secret).update('Hello, World!').digest('hex')}`])('refused: %s', (header) => {
    expect(verified(header)).toBe(false);
  });
});

describe('tokens and passwords', () => {
  const verified = (auth: 'bearer' | 'basic', secrets: string[], authorization?: string) => isWebhookFrom(auth, secrets, { headers: { authorization }, body: bytes(''), now: NOW });
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  test('bearer', () => {
    expect(verified('bearer', ['old-token-0123456', 'new-token-0123456'], 'Bearer new-token-0123456')).toBe(true);
    for (const header of [undefined, '', 'Bearer', 'Bearer new-token-012345', 'Bearer new-token-0123456 x', basic('new-token-0123456')]) expect(verified('bearer', ['new-token-0123456'], header)).toBe(false);
  });
  test('basic', () => {
    expect(verified('basic', ['am:pass:word-0123456789'], basic('am:pass:word-0123456789'))).toBe(true);
    for (const header of [undefined, 'Basic', 'Basic !!!', basic('am:other'), basic('other:pass:word-0123456789')]) expect(verified('basic', ['am:pass:word-0123456789'], header)).toBe(false);
  });
});

test.each(WEBHOOK_AUTHS)('a secret that is made for %s is one that could be brought along', (auth) => {
  const made = newWebhookSecret(auth, 'alerts');
  expect(secretProblem(auth, made)).toBeNull();
  expect(newWebhookSecret(auth, 'alerts')).not.toBe(made);
  expect(secretProblem(auth, 'short')).toMatch(/it should/);
});

test('what standard takes as a secret: 24 to 64 bytes', () => {
  const of = (length: number) => secretProblem('standard', `whsec_${Buffer.alloc(length, 7).toString('base64')}`);
  expect([23, 24, 64, 65].map((length) => of(length) === null)).toEqual([false, true, true, false]);
  expect(secretProblem('standard', Buffer.alloc(32, 7).toString('base64'))).not.toBeNull();
});
