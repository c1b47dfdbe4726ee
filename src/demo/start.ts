/** Starts the real service for the demo and the replay: a virtual clock, an embedded PostgreSQL of its own, everything else as shipped. */
import { randomBytes } from 'node:crypto';
import { createApp } from '../app.ts';
import { VirtualClock } from '../clock.ts';
import { readConfig, type Config } from '../config.ts';
import { judge, type Evaluation, type Judged } from '../evaluation/gates.ts';
import type { GateMutant } from './options.ts';
import { createLockstep, type Lockstep } from './lockstep.ts';

export interface Started {
  readonly service: Lockstep;
  readonly config: Config;
  /** An admin's key. */
  readonly key: string;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly dataDir: string;
  /** 0: a free one. */
  readonly port: number;
  /** Milliseconds. */
  readonly pane: number;
  readonly workers: number | null;
  readonly gate: GateMutant | null;
}

/** A Monday morning: the same for every demo, so that the same seed gives the same times in the records. */
const MORNING = new Date('2026-03-02T09:00:00Z');

export async function startService({ dataDir, port, pane, workers, gate }: StartOptions): Promise<Started> {
  const key = `demo-${randomBytes(24).toString('base64url')}`;
  const clock = new VirtualClock(MORNING);
  const config = readConfig({
    TRIMTAB_DATA_DIR: dataDir,
    TRIMTAB_HOST: '127.0.0.1',
    TRIMTAB_PORT: String(port),
    TRIMTAB_API_KEY: key,
    TRIMTAB_LOG_LEVEL: 'error',
    ...(workers === null ? {} : { TRIMTAB_WORKERS: String(workers) }),
  });
  const app = await createApp({ config, clock, buildPage: true, ...(gate === null ? {} : { judge: mutant(gate) }) });
  await app.start();
  return { service: createLockstep(app, clock, pane), config, key, stop: () => app.stop() };
}

/** Gates that do not look: what they see stands in the evaluation, what they say does not follow from it. */
function mutant(gate: GateMutant): (judged: Judged) => Evaluation {
  return (judged) => ({ ...judge(judged), verdict: gate === 'always' ? 'promote' : 'reject', reason: `A mutant gate: it ${gate} promotes.` });
}
