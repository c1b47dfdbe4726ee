/** The list of secrets of a source or an endpoint: several are valid while one takes another's place. */
import type { Seal } from '../auth/sealed.ts';
import type { StoredSecret } from '../store/webhook-sources.ts';
import { DAY } from '../vocabulary.ts';

/** How long the former secret stays valid after a rotation. */
export const OVERLAP_MS = DAY;
const MAX_SECRETS = 4;

/** Those that are valid, the newest first. */
export function validSecrets(seal: Seal, secrets: readonly StoredSecret[], now: Date): string[] {
  return secrets.filter(({ until }) => until === null || new Date(until) > now).map(({ sealed }) => seal.open(sealed));
}

/** A new one in front; those before it end when the overlap does, or when they would have ended anyway. */
export function rotated(seal: Seal, secrets: readonly StoredSecret[], secret: string, now: Date): StoredSecret[] {
  const end = new Date(now.getTime() + OVERLAP_MS).toISOString();
  const former = secrets
    .filter(({ until }) => until === null || new Date(until) > now)
    .map(({ sealed, until }) => ({ sealed, until: until !== null && until < end ? until : end }));
  return [{ sealed: seal.close(secret), until: null }, ...former].slice(0, MAX_SECRETS);
}
