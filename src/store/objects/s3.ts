/** The object store in a bucket of S3, or of whatever speaks its language: `prefix/ab/cdef...`, the key named by the digest of its content. */
import { setTimeout as pause } from 'node:timers/promises';
import { sha256 } from '../../canonical.ts';
import { TrimtabError } from '../../errors.ts';
import { MINUTE } from '../../vocabulary.ts';
import type { ObjectStore } from './index.ts';
import { signed, type Credentials } from './signature.ts';

export interface Bucket extends Credentials {
  readonly bucket: string;
  /** Of every key; '' or ending in a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Where the service is, such as http://minio:9000; null: Amazon's. */
  readonly endpoint: string | null;
}

export interface S3Options {
  /** Pause before the second try, in milliseconds; it doubles with each. */
  readonly pauseMs?: number;
  readonly now?: () => Date;
}

const DIGEST = /^[0-9a-f]{64}$/;
const EMPTY = sha256('');
const TRIES = 5;
const TIMEOUT_MS = 5 * MINUTE;

/** Opens the store; nothing is asked before the first object is. */
export function openS3(bucket: Bucket, { pauseMs = 200, now = () => new Date() }: S3Options = {}): ObjectStore {
  const ask = async (method: 'GET' | 'HEAD' | 'PUT', digest: string, body?: Uint8Array): Promise<Answer> => {
    const url = addressOf(bucket, digest);
    let problem: unknown;
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries > 0) await pause(pauseMs * 2 ** (tries - 1));
      // signed anew each time: a signature is good for minutes only
      const headers = signed({ method, url, bodySha256: body === undefined ? EMPTY : digest, at: now(), region: bucket.region }, bucket);
      const answer = await send(url, { method, headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS), ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }) })
        .catch((error: unknown) => void (problem = error));
      if (answer === undefined) continue;
      if (answer.status === 200 || answer.status === 404) return answer;
      problem = new Error(`it answered ${method} ${url.href} with ${answer.status}: ${Buffer.from(answer.bytes).toString('utf8', 0, 1_000)}`);
      if (answer.status < 500 && answer.status !== 429) {
        throw new TrimtabError('bad-config', { problems: `the object store s3://${bucket.bucket} refuses us with ${answer.status}; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and what they may do` }, { cause: problem });
      }
    }
    throw new TrimtabError('unavailable', { what: `the object store s3://${bucket.bucket}`, retryAfter: 10 }, { cause: problem });
  };
  const has = async (digest: string) => DIGEST.test(digest) && (await ask('HEAD', digest)).status === 200;
  return {
    async put(bytes) {
      const digest = sha256(bytes);
      if (await has(digest)) return digest;
      // the store compares the body with the digest that is signed
      const answer = await ask('PUT', digest, bytes);
      if (answer.status === 200) return digest;
      throw new TrimtabError('bad-config', { problems: `the object store knows no bucket ${bucket.bucket}; check TRIMTAB_OBJECTS and TRIMTAB_S3_ENDPOINT` });
    },
    async get(digest) {
      const answer = DIGEST.test(digest) ? await ask('GET', digest) : null;
      if (answer?.status !== 200) throw new TrimtabError('not-found', { what: 'object', id: digest });
      if (sha256(answer.bytes) === digest) return answer.bytes;
      throw new TrimtabError('bad-data', { what: `object ${digest}`, problem: 'its bytes do not match its name', right: 'restore it from an earlier version of the bucket' });
    },
    has,
  };
}

interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** With its whole body: a connection that breaks in the midst of one is a try that failed. */
async function send(url: URL, init: RequestInit): Promise<Answer> {
  const answer = await fetch(url, init);
  return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) };
}

function addressOf({ bucket, prefix, region, endpoint }: Bucket, digest: string): URL {
  const key = `${prefix}${digest.slice(0, 2)}/${digest.slice(2)}`;
  // names of hosts as Amazon wants them; the others know paths all alike
  return new URL(endpoint === null ? `https://${bucket}.s3.${region}.amazonaws.com/${key}` : `${endpoint.replace(/\/$/, '')}/${bucket}/${key}`);
}
