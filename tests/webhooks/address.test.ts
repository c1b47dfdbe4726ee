import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressesProblem, parseAllowList, urlProblem } from '../../src/webhooks/out/address.ts';

const NONE = parseAllowList([]);
const https = new URL('https://hooks.example.com/x');

// one or more of each range that must not be reached, in every notation that a resolver or a person could give
const INSIDE = [
  '127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254', '169.254.170.2', '100.64.0.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.255.255.255',
  '240.0.0.1', '255.255.255.255', '192.0.2.1', '198.18.0.1', '192.0.0.1', '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::7f00:1', '::127.0.0.1', '::8.8.8.8', '64:ff9b::7f00:1', '64:ff9b:1::a00:1',
  'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '2002:7f00:1::', '2001::1', '2001:db8::1', '100::1', '::ffff:0:7f00:1', '4000::1',
];

describe('addresses', () => {
  test.each(INSIDE)('%s is not public, not even beside one that is', (address) => {
    expect(addressesProblem(https, [address], NONE)).toMatch(/not public/);
    expect(addressesProblem(https, ['93.184.216.34', address], NONE)).toMatch(/not public/);
  });
  test.each(['93.184.216.34', '8.8.8.8', '2606:4700:4700::1111', '2a00:1450:4001::1'])('%s is', (address) => expect(addressesProblem(https, [address], NONE)).toBeNull());
  test('nothing, and what is no address', () => {
    expect(addressesProblem(https, [], NONE)).toMatch(/nowhere/);
    expect(addressesProblem(https, ['localhost'], NONE)).toMatch(/not public/);
  });
  test('only the whole of 2000::/3 in IPv6, whatever the words', () => {
    fc.assert(fc.property(fc.ipV6(), (address) => {
      if (addressesProblem(https, [address], NONE) === null) expect(address).toMatch(/^[23][0-9a-f]{3}:/i);
    }), { numRuns: 500 });
  });
});

describe('URLs', () => {
  test.each([
    ['hello', /no URL/], ['http://hooks.example.com/', /not https/], ['ftp://hooks.example.com/', /not https/], ['https://user:secret@hooks.example.com/', /a user/], ['https://hooks.example.com:22/', /port 22/],
    ['https://localhost/', /inside/], ['https://trimtab/', /inside/], ['https://kubernetes.default.svc/', /inside/], ['https://x.default.svc.cluster.local/', /inside/], ['https://metadata.google.internal/', /inside/],
    ['https://metadata.google.internal./', /inside/], ['https://printer.local/', /inside/], ['https://a.localhost/', /inside/],
    // what a browser's parser makes 127.0.0.1 of
    ['https://127.1/', /not public/], ['https://2130706433/', /not public/], ['https://0x7f.0.0.1/', /not public/], ['https://0177.0.0.1/', /not public/], ['https://[::1]/', /not public/], ['https://[::ffff:7f00:1]/', /not public/], ['https://①②⑦.0.0.1/', /not public/],
  ])('%s', (url, problem) => expect(urlProblem(url, NONE)).toMatch(problem));
  test.each(['https://hooks.slack.com/services/T/B/x', 'https://hooks.example.com:8443/', 'https://93.184.216.34/'])('%s is fine', (url) => expect(urlProblem(url, NONE)).toBeNull());
});

describe('the allow-list', () => {
  const allow = parseAllowList(['receiver:8080', '*.svc.cluster.local', '10.1.0.0/16', 'fd12::/16']);
  test('a name may speak http and lead inside, on its port', () => {
    expect(urlProblem('http://receiver:8080/x', allow)).toBeNull();
    expect(addressesProblem(new URL('http://receiver:8080/x'), ['192.168.1.1', '127.0.0.1', 'fc00::1'], allow)).toBeNull();
    expect(addressesProblem(new URL('http://receiver:8081/x'), ['192.168.1.1'], allow)).toMatch(/not public/);
    expect(urlProblem('http://alerts.ops.svc.cluster.local/', allow)).toBeNull();
    expect(addressesProblem(new URL('http://svc.cluster.local/'), ['192.168.1.1'], allow)).toMatch(/not public/);
    expect(addressesProblem(new URL('http://evilsvc.cluster.local/'), ['192.168.1.1'], allow)).toMatch(/not public/);
  });
  test('no name leads to where clouds keep credentials, nor to everybody at once', () => {
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', 'fe80::1', '224.0.0.1', '0.0.0.0']) {
      expect(addressesProblem(new URL('http://receiver:8080/'), ['127.0.0.1', address], allow)).toMatch(/no name is allowed/);
    }
  });
  test('a block holds all addresses of a name or none', () => {
    const url = new URL('http://some.example:9000/');
    expect(addressesProblem(url, ['10.1.2.3', 'fd12::9', '::ffff:10.1.2.3'], allow)).toBeNull();
    expect(addressesProblem(url, ['10.1.2.3', '10.2.0.1'], allow)).toMatch(/not public/);
    expect(addressesProblem(url, ['10.1.2.3', '93.184.216.34'], allow)).toMatch(/not public/);
    expect(addressesProblem(url, ['93.184.216.34'], allow)).toMatch(/not https/);
    expect(urlProblem('http://10.1.2.3:9000/', allow)).toBeNull();
    expect(urlProblem('http://10.2.0.1:9000/', allow)).toMatch(/not public/);
  });
  test('a block that is none is told at the start', () => expect(() => parseAllowList(['10.0.0.0/64'])).toThrow(/no block of addresses/));
});
