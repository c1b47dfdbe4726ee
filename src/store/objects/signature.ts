/**
 * AWS Signature Version 4 of one request whose body is known, as S3 and its kin ask for it.
 * Source: AWS, "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)"; its examples are the tests.
 */
import { createHmac } from 'node:crypto';
import { sha256 } from '../../canonical.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end; else null. */
  readonly sessionToken: string | null;
}

export interface Unsigned {
  readonly method: string;
  /** Its path is taken as it stands, percent-encoded once. */
  readonly url: URL;
  /** sha256 of the body in hex; of the empty text where there is none. */
  readonly bodySha256: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly at: Date;
  readonly region: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The headers to send: those given, and what makes the request ours. */
export function signed({ method, url, bodySha256, headers = {}, at, region }: Unsigned, { accessKeyId, secretAccessKey, sessionToken }: Credentials): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const sent = {
    ...lowered(headers), 'x-amz-content-sha256': bodySha256, 'x-amz-date': time, ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const covered = Object.entries({ ...sent, host: url.host }).map(([name, value]) => [name, value.trim()] as const).sort(byName);
  const names = covered.map(([name]) => name).join(';');
  const query = [...url.searchParams].map(([name, value]) => [encoded(name), encoded(value)] as const).sort(byName).map((pair) => pair.join('=')).join('&');
  const request = [method, url.pathname, query, ...covered.map(([name, value]) => `${name}:${value}`), '', names, bodySha256].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, [ALGORITHM, time, scope, sha256(request)].join('\n')).toString('hex');
  return { ...sent, authorization: `${ALGORITHM} Credential=${accessKeyId}/${scope},SignedHeaders=${names},Signature=${signature}` };
}

const lowered = (headers: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : Number(a > b));
const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
