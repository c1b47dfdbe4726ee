/**
 * Where webhooks may go. Whoever registers an endpoint must not be able to make the service call what only the service can reach:
 * a cloud's metadata, the database, the cluster's own API. So a receiver is public and speaks https, unless the operator's
 * allow-list, which no API can change, says otherwise. Names are checked when an endpoint is put, addresses at every attempt, since
 * a name can be made to lead elsewhere later.
 */
import ipaddr from 'ipaddr.js';
import { TrimtabError } from '../../errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

export interface AllowList {
  readonly hosts: readonly { readonly host: string; readonly port: string | null }[];
  readonly blocks: readonly (readonly [Address, number])[];
}

const PUBLIC_PORTS = ['', '443', '8443'];
/** What is global in IPv6; the rest is of local use, or hides an IPv4 address. */
const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3');
/** What an allowed name may lead to besides public addresses. Never link-local: there the clouds keep their credentials. */
const WITHIN = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];
/** AWS' metadata under IPv6, which is unique-local. */
const METADATA_V6 = 'fd00:ec2::254';
const INTERNAL_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|svc|cluster\.local|in-addr\.arpa|ip6\.arpa)$/;

/** Reads `host`, `host:port`, `*.suffix` and blocks of addresses. Throws `bad-config`. */
export function parseAllowList(entries: readonly string[]): AllowList {
  const blocks = entries.filter((entry) => entry.includes('/')).map((entry) => {
    if (!ipaddr.isValidCIDR(entry)) throw new TrimtabError('bad-config', { problems: `TRIMTAB_WEBHOOK_ALLOW names "${entry}", which is no block of addresses; for example 10.0.0.0/8` });
    return ipaddr.parseCIDR(entry);
  });
  const hosts = entries.filter((entry) => !entry.includes('/')).map((entry) => {
    const [host, port = null] = entry.toLowerCase().split(':') as [string, string?];
    return { host, port };
  });
  return { hosts, blocks };
}

/** What is wrong with a URL whatever its name leads to, or null. */
export function urlProblem(text: string, allow: AllowList): string | null {
  if (!URL.canParse(text)) return 'it is no URL';
  const url = new URL(text);
  const host = hostOf(url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not https';
  if (url.username !== '' || url.password !== '') return 'it holds a user or a password';
  if (isAllowedName(url, allow)) return null;
  if (ipaddr.isValid(host)) return addressesProblem(url, [host], allow);
  // a block may hold what this name leads to: that is seen at the attempt
  if (allow.blocks.length > 0) return null;
  if (url.protocol === 'http:') return 'it is not https';
  if (!PUBLIC_PORTS.includes(url.port)) return `port ${url.port} is not 443 or 8443`;
  return !host.includes('.') || INTERNAL_NAME.test(host) ? `${host} is a name of the inside` : null;
}

/** What is wrong with where a URL leads, or null: one address that is not allowed spoils all, since the system may choose any. */
export function addressesProblem(url: URL, addresses: readonly string[], allow: AllowList): string | null {
  if (addresses.length === 0) return 'its name leads nowhere';
  const parsed = addresses.map((address) => plain(address));
  if (parsed.every((address) => address !== null && allow.blocks.some((block) => isIn(address, block)))) return null;
  if (isAllowedName(url, allow)) {
    return parsed.every((address) => address !== null && (isPublic(address) || isWithin(address))) ? null : 'it leads to an address that no name is allowed to lead to';
  }
  if (!parsed.every((address) => address !== null && isPublic(address))) return 'it leads to an address that is not public';
  if (url.protocol !== 'https:') return 'it is not https';
  return PUBLIC_PORTS.includes(url.port) ? null : `port ${url.port} is not 443 or 8443`;
}

/** The name of a URL, or its address without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '').toLowerCase();
}

function isAllowedName(url: URL, { hosts }: AllowList): boolean {
  const name = hostOf(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return hosts.some((entry) => (entry.host.startsWith('*.') ? name.endsWith(entry.host.slice(1)) : name === entry.host) && (entry.port === null || entry.port === port));
}

/** An address, the IPv4 one that an IPv6 one is mapped from in its place; null for what is none. */
function plain(address: string): Address | null {
  // ipaddr.js takes `::1.2.3.4` for `::ffff:1.2.3.4`, the system does not: in hexadecimal both agree
  const hex = address.includes(':') && URL.canParse(`http://[${address}]/`) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
  return ipaddr.isValid(hex) ? ipaddr.process(hex) : null;
}

function isIn(address: Address, [block, bits]: readonly [Address, number]): boolean {
  return address.kind() === block.kind() && address.match(block, bits);
}

function isPublic(address: Address): boolean {
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || isIn(address, GLOBAL_V6));
}

function isWithin(address: Address): boolean {
  return WITHIN.includes(address.range()) && address.toString() !== ipaddr.parse(METADATA_V6).toString();
}
