/**
 * Who may speak to the service. A key is a bearer token; the bootstrap key comes from the configuration and is an admin.
 * Laptop mode (`openOnLoopback`): while there is no bootstrap key and no key was ever made, callers of this very machine need
 * none; the first key that is made ends it, and revoking keys does not bring it back.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { TrimtabError } from '../errors.ts';
import { anyKey, findKeyByHash, insertKey, listKeys, revokeKey, type StoredKey } from '../store/api-keys.ts';
import type { Pool } from '../store/postgres.ts';
import type { Logger } from '../telemetry/logger.ts';
import { SECOND, type Role } from '../vocabulary.ts';
import { bearerOf, hashOf, looksLikeKey, newKey } from './keys.ts';
import { shortLived } from './short-lived.ts';

export type { StoredKey } from '../store/api-keys.ts';

/** Who asks: `name` stands in decisions as `by`. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export interface NewKey extends StoredKey {
  /** Shown this once. */
  readonly key: string;
}

export interface Auth {
  /** The caller behind an `Authorization` header. Throws `unauthenticated`. */
  authenticate(header: string | undefined): Promise<Principal>;
  /** True in laptop mode: listen on loopback only, and take local callers without a key for `LOCAL`. */
  isOpen(): Promise<boolean>;
  create(input: { readonly name: string; readonly role: Role }): Promise<NewKey>;
  list(): Promise<StoredKey[]>;
  /** At once here, within `cacheMs` on other replicas. Throws `not-found`. */
  revoke(id: string): Promise<void>;
}

export interface AuthOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  /** Admin key of the configuration, or null. */
  readonly bootstrapKey: string | null;
  readonly openOnLoopback: boolean;
  /** How long a found key is believed, in milliseconds. */
  readonly cacheMs?: number;
}

/** The caller in laptop mode. */
export const LOCAL: Principal = { id: 'local', name: 'local', role: 'admin' };
const BOOTSTRAP: Principal = { id: 'bootstrap', name: 'bootstrap', role: 'admin' };
const CACHE_MS = 5 * SECOND;
const CACHE_ENTRIES = 10_000;

export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { pool, clock, log } = options;
  const life = { clock, lifeMs: options.cacheMs ?? CACHE_MS, maxEntries: CACHE_ENTRIES };
  const keys = shortLived<StoredKey | null>(life);
  const openness = shortLived<boolean>(life);
  const bootstrapHash = options.bootstrapKey === null ? null : hashOf(options.bootstrapKey);
  const laptop = options.openOnLoopback && bootstrapHash === null;

  const isOpen = async () => laptop && (await openness.get('open', async () => !(await anyKey(pool))));
  if (await isOpen()) {
    log.warn('no API key exists and none is configured: the service listens on loopback only and is open to this machine; POST /v1/keys makes the first key and closes it');
  }

  return {
    isOpen,
    async authenticate(header) {
      const key = bearerOf(header);
      if (key === null) throw new TrimtabError('unauthenticated');
      const hash = hashOf(key);
      if (bootstrapHash !== null && timingSafeEqual(hash, bootstrapHash)) return BOOTSTRAP;
      const found = looksLikeKey(key) ? await keys.get(hash.toString('base64'), () => findKeyByHash(pool, hash)) : null;
      if (found === null) throw new TrimtabError('unauthenticated');
      return found;
    },
    async create({ name, role }) {
      const key = newKey();
      const stored: StoredKey = { id: `key-${randomUUID()}`, name, role, createdAt: clock.now(), revokedAt: null };
      await insertKey(pool, { ...stored, hash: hashOf(key) });
      openness.clear();
      return { ...stored, key };
    },
    list: () => listKeys(pool),
    async revoke(id) {
      const known = await revokeKey(pool, id, clock.now());
      keys.clear();
      if (!known) throw new TrimtabError('not-found', { what: 'key', id });
    },
  };
}
