import path from 'node:path';
import { mkdir, writeFile } from 'node:fs/promises';
import { parseSpec } from '../../../src/spec.ts';
import { openFilesystem } from '../../../src/store/objects/filesystem.ts';
import { putLines } from '../../../src/store/objects/index.ts';
import type { Engines } from '../../../src/training/capabilities.ts';
import { createTraining, type Training, type TrainingRequest } from '../../../src/training/index.ts';

export const fakeEngines: Engines = { tfjs: { entry: path.join(import.meta.dirname, 'fake-engine.ts'), architectures: { bert: { modelTypes: ['bert'], tasks: ['classification'] } }, quantisation: [], devices: ['cpu'], warmStart: true } };

export interface Workshop {
  readonly dataDir: string;
  readonly training: Training;
  /** A train job of the fake engine; `does` names its behaviour. */
  request(id: string, does: string): TrainingRequest;
}

/** A data folder with a base, an exam and train rows, and a training over it. */
export async function workshop(dataDir: string): Promise<Workshop> {
  const base = path.join(dataDir, 'base');
  await mkdir(base, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors']) await writeFile(path.join(base, name), 'x');
  const objects = openFilesystem(path.join(dataDir, 'objects'));
  const rows = [
    { id: '1', text: 'one', label: 'a', window: true, origin: 'feedback' },
    { id: '2', text: 'two', label: 'b', window: true, origin: 'feedback' },
  ];
  const digest = await putLines(objects, rows);
  const spec = parseSpec({ name: 'm', task: 'classification', serving: {} });
  return {
    dataDir,
    training: createTraining({ objects, dataDir, log: { info: () => {} }, engines: fakeEngines }),
    request: (id, does) => ({ id, kind: 'train', model: does, spec, base, labels: ['a', 'b'], train: digest, exam: digest, seed: 1, workers: 1 }),
  };
}
