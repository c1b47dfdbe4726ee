/** The whole service on a tiny base, in virtual time: everything real, only small. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createApp, type AppOptions } from '../../src/app.ts';
import { VirtualClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { random } from '../../src/lora/random.ts';
import { TINY, writeTinyBase } from '../lora/tiny.ts';

export const KEY = 'k'.repeat(40);
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  weather: ['rain', 'sun', 'wind', 'cold', 'warm'],
  music: ['song', 'play', 'loud', 'band', 'quiet'],
  travel: ['train', 'plane', 'hotel', 'ticket', 'road'],
};
const FILLERS = ['the', 'a', 'please', 'now', 'some', 'my'];
export const LABELS = Object.keys(TOPICS);

export interface Row {
  readonly id: string;
  readonly text: string;
  readonly label: string;
}

export function rows(count: number, seed: number): Row[] {
  const uniform = random(seed, 'texts');
  const pick = (words: readonly string[]) => words[Math.floor(uniform() * words.length)] as string;
  return Array.from({ length: count }, (_, i) => {
    const label = LABELS[i % LABELS.length] as string;
    const topic = TOPICS[label] as readonly string[];
    return { id: `s${seed}-${i}`, text: [pick(FILLERS), pick(topic), pick(FILLERS), pick(topic), pick(FILLERS), pick(topic)].join(' '), label };
  });
}

/** A spec that promotes whatever is not far worse, after a short training. */
export const spec = (name: string, over: Readonly<Record<string, object>> = {}) => ({
  name,
  task: 'classification',
  base: { model: './base' },
  serving: {},
  monitor: { pane: '2s' },
  retrain: { on: [], minLabels: 1 },
  data: { dedupe: 'exact' },
  gates: { rule: 'nonInferior', margin: 0.5 },
  rollout: { watch: '1s' },
  ...over,
  training: { lora: { r: 4, alpha: 8 }, epochs: 6, batchSize: 16, learningRate: 1e-2, maxLength: 16, ...over['training'] },
});

/** A folder with the tiny base in `base`, which the user of an embedded server may walk through. */
export async function home(): Promise<{ root: string; remove(): Promise<void> }> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'trimtab-runs-'));
  await chmod(root, 0o755);
  await writeTinyBase(path.join(root, 'base'), [...Object.values(TOPICS).flat(), ...FILLERS], TINY);
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

export const START = new Date('2026-05-10T00:00:00Z');

/** Not started: nothing moves unless the test moves it. */
export async function service(url: string, root: string, options: Pick<AppOptions, 'judge'> = {}) {
  const clock = new VirtualClock(START);
  const config = readConfig({ DATABASE_URL: url, TRIMTAB_DATA_DIR: path.join(root, 'data'), TRIMTAB_BASE_DIR: root, TRIMTAB_PORT: '0', TRIMTAB_API_KEY: KEY, TRIMTAB_LOG_LEVEL: 'silent', TRIMTAB_WORKERS: '1' });
  const app = await createApp({ config, clock, ...options });
  const call = async <T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', at: string, body?: object): Promise<{ status: number; body: T }> => {
    const answer = await app.http.inject({ method, url: at, headers: { authorization: `Bearer ${KEY}` }, ...(body ? { payload: body } : {}) });
    return { status: answer.statusCode, body: (answer.body === '' ? null : answer.json()) as T };
  };
  return { app, clock, call };
}
