/** job.json: every field checked, absent ones filled in. */
import { LOSSES } from '../../../vocabulary.ts';
import { LABELLINGS } from '../../../tasks/index.ts';
import { ENGINES, tasksOf } from '../../capabilities.ts';
import { JOB_FILES } from '../../job.ts';
import type { Job } from '../../job.ts';
import { FIXED } from '../../settings.ts';
import type { Check, Fields } from './check.ts';
import { complete, different, flag, number, oneOf, refuse, strings, text, whole } from './check.ts';

const QUANTISATION = ['none', ...ENGINES.tfjs.quantisation];

/** A part that is checked on its own. */
const part = (otherwise?: unknown): Check => ({ fits: () => true, right: 'an object', otherwise });

const folder: Check = { fits: (value) => value === null || typeof value === 'string', right: 'the path of a folder or null', otherwise: null };

const JOB: Readonly<Record<string, Check>> = {
  version: { fits: (value) => value === 1, right: '1' },
  id: { ...text, otherwise: '' },
  kind: oneOf(['train', 'predict']),
  model: { ...text, otherwise: '' },
  task: oneOf(tasksOf(ENGINES.tfjs)),
  labelling: oneOf(LABELLINGS, 'single'),
  base: part(),
  initial: flag,
  labels: { fits: different, right: 'a list of different labels' },
  hyperparameters: part(),
  backend: oneOf(['auto', 'wasm', 'tensorflow'], 'auto'),
  engineDir: folder,
  compileDir: folder,
  limits: part({ memoryBytes: null }),
  seed: whole(0),
  workers: whole(1),
};

const BASE: Readonly<Record<string, Check>> = {
  path: { fits: (value) => typeof value === 'string', right: 'the path of a folder' },
  digest: { fits: (value) => value === null || typeof value === 'string', right: 'a sha256 or null', otherwise: null },
};

const HYPERPARAMETERS: Readonly<Record<string, Check>> = {
  lora: part(),
  epochs: number((value) => value > 0, 'a number above 0'),
  batchSize: whole(1),
  learningRate: { fits: (value) => value === 'auto' || value === 'probe' || (typeof value === 'number' && Number.isFinite(value) && value > 0), right: '"auto", "probe" or a number above 0' },
  warmup: number((value) => value >= 0 && value < 1, 'a share of the steps, from 0 to below 1'),
  schedule: oneOf(['linear', 'cosine'], FIXED.schedule),
  weightDecay: number((value) => value >= 0, 'a number from 0 up'),
  maxLength: whole(3),
  quantisation: oneOf(QUANTISATION, 'none'),
  checkpoint: part(FIXED.checkpoint),
  maxNewTokens: whole(1, 128),
  loss: oneOf(LOSSES, 'completion'),
};

const LORA: Readonly<Record<string, Check>> = {
  r: whole(1),
  alpha: number((value) => value > 0, 'a number above 0'),
  targets: { fits: (value) => value === 'all-linear' || (different(value) && (value as string[]).length > 0), right: '"all-linear" or a list of layer names' },
  rslora: { ...flag, otherwise: false },
};

const CHECKPOINT: Readonly<Record<string, Check>> = { steps: whole(1), seconds: number((value) => value > 0, 'a number above 0') };
const LIMITS: Readonly<Record<string, Check>> = { memoryBytes: { fits: (value) => value === null || (typeof value === 'number' && value > 0), right: 'a number of bytes or null', otherwise: null } };

export function completeJob(fields: Fields): Job {
  const where = JOB_FILES.job;
  const job = complete(fields, where, JOB);
  const hyperparameters = complete(job['hyperparameters'], `${where}, hyperparameters`, HYPERPARAMETERS);
  const whole = {
    ...job,
    base: complete(job['base'], `${where}, base`, BASE),
    limits: complete(job['limits'], `${where}, limits`, LIMITS),
    hyperparameters: {
      ...hyperparameters,
      lora: complete(hyperparameters['lora'], `${where}, hyperparameters.lora`, LORA),
      checkpoint: complete(hyperparameters['checkpoint'], `${where}, hyperparameters.checkpoint`, CHECKPOINT),
    },
  } as unknown as Job;
  checkTogether(whole);
  return whole;
}

function checkTogether({ task, labelling, labels, hyperparameters: { loss } }: Job): void {
  const has = task === 'classification' || task === 'extraction';
  if (has && labels.length === 0) refuse(`${JOB_FILES.job}, labels`, 'there are none', `the labels of a task ${task}`);
  if (!has && !(strings(labels) && labels.length === 0)) refuse(`${JOB_FILES.job}, labels`, `there are ${labels.length}`, `[]: the task ${task} has none`);
  if (labelling === 'multi' && task !== 'classification') refuse(`${JOB_FILES.job}, labelling`, 'it is "multi"', 'that is for the task classification');
  if (loss !== 'completion' && task !== 'generation') refuse(`${JOB_FILES.job}, hyperparameters, loss`, `it is "${loss}"`, 'that is for the task generation');
}
