/** Opens the object store that a config names: a bucket, or a folder of the data folder. */
import path from 'node:path';
import type { Config } from '../../config.ts';
import { openFilesystem } from './filesystem.ts';
import type { ObjectStore } from './index.ts';
import { openS3 } from './s3.ts';

export function openObjects({ bucket, dataDir }: Pick<Config, 'bucket' | 'dataDir'>): ObjectStore {
  return bucket === null ? openFilesystem(path.join(dataDir, 'objects')) : openS3(bucket);
}
