/** Who may call us: registered, listed, and their secrets rotated. A secret is shown once, when it is made. */
import { shortLived } from '../../auth/short-lived.ts';
import type { Seal } from '../../auth/sealed.ts';
import { newWebhookSecret, secretProblem } from '../../auth/webhook-signatures.ts';
import type { Clock } from '../../clock.ts';
import { TrimtabError } from '../../errors.ts';
import { getModel } from '../../store/models.ts';
import { lockName, transaction, type Pool } from '../../store/postgres.ts';
import * as store from '../../store/webhook-sources.ts';
import type { SourceFields, SourceRow } from '../../store/webhook-sources.ts';
import { SECOND, type WebhookAuth } from '../../vocabulary.ts';
import { rotated, validSecrets } from '../secrets.ts';
import { FORMATS } from './formats.ts';

export interface Source extends SourceFields {
  /** How many secrets are valid now. */
  readonly secrets: number;
}

/** What may be said of a source beside its name and format; what is left out is as usual, the way that it proves itself as is usual for its format. */
type Said = { readonly [K in 'auth' | 'model' | 'types' | 'cooldown']?: NonNullable<SourceFields[K]> };

export interface NewSource extends Pick<SourceFields, 'format'>, Said {
  /** A secret that the sender already has; left out, one is made. */
  readonly secret?: string;
}

/** `secret`: only when one was made, and only this once. */
export type PutSource = Source & { readonly secret: string | null; readonly created: boolean };

export interface Sources {
  /** Throws `bad-request`, and `not-found` for a model that is not registered. */
  put(name: string, input: NewSource): Promise<PutSource>;
  /** A new secret; the former is valid for a day more. Throws `not-found`, `bad-request`. */
  rotate(name: string, secret?: string): Promise<PutSource>;
  list(): Promise<Source[]>;
  /** Throws `not-found`. */
  get(name: string): Promise<Source>;
  /** Throws `not-found`. */
  remove(name: string): Promise<void>;
  /** A source by its name, known for a few seconds; null when there is none. */
  find(name: string): Promise<SourceRow | null>;
}

const COOLDOWN = '10m';
const CACHE_MS = 5 * SECOND;
const CACHE_ENTRIES = 1_000;

export function createSources({ pool, clock, seal }: { pool: Pool; clock: Clock; seal: Seal }): Sources {
  const cache = shortLived<SourceRow | null>({ clock, lifeMs: CACHE_MS, maxEntries: CACHE_ENTRIES });
  const view = ({ secrets, ...row }: SourceRow): Source => ({ ...row, secrets: validSecrets(seal, secrets, clock.now()).length });
  const existing = async (name: string) => (await store.getSource(pool, name)) ?? missing(name);

  /** Reads and writes under one lock: two rotations at once must not lose one of the secrets. */
  const change = async (name: string, work: (before: SourceRow | null) => Promise<{ row: Omit<SourceRow, 'createdAt' | 'updatedAt'>; made: string | null }>): Promise<PutSource> => {
    const done = await transaction(pool, async (db) => {
      await lockName(db, 'webhook-source', name);
      const before = await store.getSource(db, name);
      const { row, made } = await work(before);
      return { ...view(await store.putSource(db, row, clock.now())), secret: made, created: before === null };
    });
    cache.clear();
    return done;
  };

  return {
    put: (name, input) => change(name, async (before) => {
      const auth = authOf(input);
      if (input.model !== undefined && (await getModel(pool, input.model)) === null) throw new TrimtabError('not-found', { what: 'model', id: input.model });
      // secrets of another scheme are worth nothing
      const kept = before?.auth === auth ? before.secrets : [];
      const made = input.secret === undefined && kept.length === 0 ? newWebhookSecret(auth, name) : null;
      const given = input.secret === undefined ? made : checked(auth, input.secret);
      const secrets = given === null ? kept : rotated(seal, kept, given, clock.now());
      return { row: { name, format: input.format, auth, model: input.model ?? null, types: input.types ?? [], cooldown: input.cooldown ?? COOLDOWN, secrets }, made };
    }),
    rotate: (name, secret) => change(name, async (before) => {
      const row = before ?? missing(name);
      const made = secret === undefined ? newWebhookSecret(row.auth, name) : null;
      return { row: { ...row, secrets: rotated(seal, row.secrets, made ?? checked(row.auth, secret as string), clock.now()) }, made };
    }),
    list: async () => (await store.listSources(pool)).map(view),
    get: async (name) => view(await existing(name)),
    async remove(name) {
      if (!(await store.deleteSource(pool, name))) missing(name);
      cache.clear();
    },
    find: (name) => cache.get(name, () => store.getSource(pool, name)),
  };
}

function authOf({ format, auth }: NewSource): WebhookAuth {
  const { auths } = FORMATS[format];
  if (auth !== undefined && !auths.includes(auth)) throw new TrimtabError('bad-request', { what: 'auth', problem: `${format} does not prove itself by ${auth}`, right: `choose ${auths.join(' or ')}` });
  return auth ?? auths[0];
}

function checked(auth: WebhookAuth, secret: string): string {
  const problem = secretProblem(auth, secret);
  if (problem !== null) throw new TrimtabError('bad-request', { what: 'secret', problem: 'it does not fit', right: problem });
  return secret;
}

function missing(name: string): never {
  throw new TrimtabError('not-found', { what: 'webhook source', id: name });
}
