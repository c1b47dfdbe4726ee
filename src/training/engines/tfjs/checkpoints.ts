/** The checkpoint of a job's folder: one file, so that it is whole or the one before. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointHeader } from '../../../lora/checkpoint.ts';
import { readCheckpoint, writeCheckpoint } from '../../../lora/checkpoint.ts';
import type { Snapshot } from '../../../lora/train.ts';
import { JOB_FILES } from '../../job.ts';
import type { Job } from '../../job.ts';
import type { Events } from './events.ts';
import { replaceFile } from './files.ts';

const FILE = 'state.safetensors';

export interface Checkpoints {
  /** Where an earlier start of this very job left off; null when it left nothing. A damaged file is none: the job begins anew. */
  read(): Promise<{ header: CheckpointHeader; snapshot: Snapshot } | null>;
  /** Whether one is due, `steps` steps and some time after the last. */
  due(step: number): boolean;
  save(header: Omit<CheckpointHeader, 'of'>, snapshot: Snapshot): Promise<void>;
  remove(): Promise<void>;
}

/** `of`: all that the training depends on; a checkpoint of anything else is left alone. */
export function createCheckpoints(folder: string, { checkpoint }: Job['hyperparameters'], of: readonly (string | Uint8Array)[], events: Events): Checkpoints {
  const digest = digestOf(of);
  const dir = join(folder, JOB_FILES.checkpoint);
  let [lastStep, lastTime] = [0, events.now().getTime()];
  return {
    async read() {
      const bytes = await readFile(join(dir, FILE)).catch(() => null);
      if (bytes === null) return null;
      try {
        const found = readCheckpoint(bytes, digest);
        lastStep = found?.snapshot.team.step ?? 0;
        return found;
      } catch {
        return null;
      }
    },
    due: (step) => step - lastStep >= checkpoint.steps || events.now().getTime() - lastTime >= checkpoint.seconds * 1000,
    async save(header, snapshot) {
      await mkdir(dir, { recursive: true });
      await replaceFile(dir, FILE, writeCheckpoint({ of: digest, ...header }, snapshot));
      [lastStep, lastTime] = [snapshot.team.step, events.now().getTime()];
      events.write({ type: 'checkpoint', step: snapshot.team.step });
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

function digestOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(createHash('sha256').update(part).digest());
  return hash.digest('hex');
}
