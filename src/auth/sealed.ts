/**
 * Secrets that have to be read again: a webhook is signed and verified with the secret itself, so a hash of it, as of an API key,
 * does not do. With a key they stand encrypted in the database (AES-256-GCM), so that a copy of it alone gives none away; without
 * one they stand there as they are, and are as safe as the database.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TrimtabError } from '../errors.ts';

export interface Seal {
  close(secret: string): string;
  /** Throws `bad-config` for what was sealed with another key. */
  open(sealed: string): string;
}

const CLEAR = 'clear:';
const SEALED = 'aes-256-gcm:';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** `key`: 32 bytes, or null. What was stored before there was a key stays readable, and is encrypted when it is next put. */
export function createSeal(key: Uint8Array | null): Seal {
  return {
    close(secret) {
      if (key === null) return CLEAR + secret;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return SEALED + Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed) {
      if (sealed.startsWith(CLEAR)) return sealed.slice(CLEAR.length);
      try {
        if (key === null) throw new Error('no key');
        const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new TrimtabError('bad-config', { problems: 'a webhook secret was stored under another TRIMTAB_SECRET_KEY: set that one, or put the source or endpoint anew' }, { cause });
      }
    },
  };
}
