import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSeal } from '../../src/auth/sealed.ts';

const key = randomBytes(32);

test('what is sealed comes back, and is not to be read without the key', () => {
  const seal = createSeal(key);
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed()), (secret) => {
    const sealed = seal.close(secret);
    expect(seal.open(sealed)).toBe(secret);
    expect(seal.close(secret)).not.toBe(sealed);
  }));
  expect(seal.close('whsec_secret')).not.toContain('whsec_secret');
  expect(seal.close('whsec_secret')).not.toContain(Buffer.from('whsec_secret').toString('base64').slice(0, 8));
});

test('without a key it stands as it is, and stays readable when a key comes', () => {
  expect(createSeal(null).close('whsec_x')).toBe('clear:whsec_x');
  expect(createSeal(key).open('clear:whsec_x')).toBe('whsec_x');
});

test('another key, no key, and a changed byte are told, not guessed', () => {
  const sealed = createSeal(key).close('whsec_secret');
  const bytes = Buffer.from(sealed.slice('aes-256-gcm:'.length), 'base64');
  bytes[bytes.length - 1]! ^= 1;
  const refused = { code: 'bad-config', message: expect.stringContaining('TRIMTAB_SECRET_KEY') as string };
  expect(() => createSeal(randomBytes(32)).open(sealed)).toThrow(expect.objectContaining(refused) as Error);
  expect(() => createSeal(null).open(sealed)).toThrow(expect.objectContaining(refused) as Error);
  expect(() => createSeal(key).open(`aes-256-gcm:${bytes.toString('base64')}`)).toThrow(expect.objectContaining(refused) as Error);
});
