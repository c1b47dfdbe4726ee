/** Files of a job that are written whole or not at all. */
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** By temporary name, to the disk, and rename: a reader never sees half a file, nor does the next start. */
export async function replaceFile(folder: string, name: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(folder, `${name}.tmp`);
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(folder, name));
}
