/** The examples of AWS's own description of Signature Version 4 for S3 (bucket examplebucket, 24 May 2013). */
import { expect, test } from 'vitest';
import { sha256 } from '../../../src/canonical.ts';
import { signed } from '../../../src/store/objects/signature.ts';

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', sessionToken: null };
const signature = (method: string, rest: string, headers: Record<string, string> = {}, body = '') =>
  signed({ method, url: new URL(`https://examplebucket.s3.amazonaws.com/${rest}`), bodySha256: sha256(body), headers, at: new Date('2013-05-24T00:00:00Z'), region: 'us-east-1' }, credentials);

test.each([
  ['an object', signature('GET', 'test.txt', { Range: 'bytes=0-9' }), 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
  ['an upload', signature('PUT', 'test%24file.text', { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' }, 'Welcome to Amazon S3.'), '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd'],
  ['a query without value', signature('GET', '?lifecycle'), 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  ['a query', signature('GET', '?max-keys=2&prefix=J'), '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
])('%s', (_, { authorization }, expected) => {
  expect(authorization).toMatch(new RegExp(`^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]+,Signature=${expected}$`));
});

test('the token of credentials that end is sent and covered', () => {
  const headers = signed({ method: 'GET', url: new URL('https://b.example/k'), bodySha256: sha256(''), at: new Date(0), region: 'eu-central-1' }, { ...credentials, sessionToken: 'token' });
  expect(headers).toMatchObject({ 'x-amz-security-token': 'token', 'x-amz-date': '19700101T000000Z', authorization: expect.stringContaining('host;x-amz-content-sha256;x-amz-date;x-amz-security-token,') as string });
});
