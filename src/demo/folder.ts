/** The demo's data folder. A folder that somebody names is made anew only when an earlier demo made it: anything else is left alone. */
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TrimtabError } from '../errors.ts';
import { temporaryDataDir } from '../store/embedded.ts';

export interface DemoFolder {
  readonly dir: string;
  /** Removes a temporary folder; a named one stays, to be looked at. */
  remove(): Promise<void>;
}

const MARK = '.trimtab-demo';

/** @throws TrimtabError `conflict` when the folder holds something that no demo made */
export async function prepareFolder(named: string | null): Promise<DemoFolder> {
  if (named === null) {
    const dir = await temporaryDataDir('trimtab-demo-');
    return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
  }
  const dir = path.resolve(named);
  const entries = await readdir(dir).catch((): string[] => []);
  if (entries.length > 0 && !entries.includes(MARK)) {
    throw new TrimtabError('conflict', { problem: `${dir} holds files that no demo made`, right: 'name an empty folder, or one of an earlier demo, which is made anew' });
  }
  if (await exists(path.join(dir, 'postgres', 'cluster', 'postmaster.pid'))) {
    throw new TrimtabError('conflict', { problem: `a database still runs in ${dir}`, right: 'stop the demo that uses it, or name another folder' });
  }
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, MARK), '');
  return { dir, remove: () => Promise.resolve() };
}

const exists = (file: string) => access(file).then(() => true, () => false);
