/** What `doctor` says of the service's surroundings: the store of its objects, and the address where it would listen. */
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../config.ts';
import { TrimtabError } from '../errors.ts';
import { openObjects } from '../store/objects/open.ts';
import { SECOND } from '../vocabulary.ts';

/** An object of its own that is stored once and stays: nothing is ever deleted there. */
const PROBE = Buffer.from('trimtab doctor\n');

/** Stores and reads a few bytes. `used`: whether there is a data folder already; else a temporary one is tried. Throws what stands in the way. */
export async function examineObjects(config: Pick<Config, 'bucket' | 'dataDir'>, used: boolean): Promise<string> {
  const dataDir = used || config.bucket !== null ? config.dataDir : await mkdtemp(path.join(os.tmpdir(), 'trimtab-doctor-'));
  try {
    const objects = openObjects({ ...config, dataDir });
    await objects.get(await objects.put(PROBE));
    if (config.bucket !== null) return `s3://${config.bucket.bucket}/${config.bucket.prefix}, written and read`;
    return used ? `in ${dataDir}, written and read` : 'a folder, tried in a temporary one';
  } finally {
    if (dataDir !== config.dataDir) await rm(dataDir, { recursive: true, force: true });
  }
}

/** Listens there for a moment. A service of ours that is there already is no fault. Throws `bad-config`. */
export async function examineAddress({ host, port }: Pick<Config, 'host' | 'port'>): Promise<string> {
  const code = await new Promise<string | null>((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
  if (code === null) return `${host}:${port} is free`;
  if (code === 'EADDRINUSE' && (await isOurs(host, port))) return `${host}:${port} is this service's, which runs`;
  const problems = code === 'EADDRINUSE' ? `something else listens on ${host}:${port}; stop it, or set TRIMTAB_PORT` : `${host}:${port} cannot be listened on (${code}); set TRIMTAB_HOST and TRIMTAB_PORT`;
  throw new TrimtabError('bad-config', { problems });
}

/** What listens on every address is asked on loopback. */
const ANY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

async function isOurs(host: string, port: number): Promise<boolean> {
  const asked = ANY[host] ?? host;
  const url = `http://${net.isIPv6(asked) ? `[${asked}]` : asked}:${port}/metrics`;
  return fetch(url, { signal: AbortSignal.timeout(5 * SECOND) }).then(async (answer) => (await answer.text()).includes('trimtab_build_info'), () => false);
}
