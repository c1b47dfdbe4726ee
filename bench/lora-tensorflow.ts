/**
 * TensorFlow on a CPU for bench/lora.ts, in a process of its own for each number of members: what a process has once is as in a job.
 * Asked by a message with the number of a shape, it does a step and answers.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readConfig } from '../src/config.ts';
import { readBase } from '../src/lora/base.ts';
import { findEngines } from '../src/lora/backends/tensorflow/find.ts';
import { architectureOf } from '../src/lora/models/index.ts';
import { createTeam } from '../src/lora/team.ts';
import { BATCH, classifier, RATE, SHAPES, utterances } from './lora-model.ts';

export interface Remote {
  step(shape: number): Promise<void>;
  close(): Promise<void>;
}

/** Null where no engine for a CPU is installed. */
export async function tensorflowProcess(basePath: string, workers: number): Promise<Remote | null> {
  const engine = findEngines(readConfig().engineDir).find(({ kind }) => kind === 'cpu');
  if (engine === undefined) return null;
  const child = fork(import.meta.filename, [engine.file, basePath, String(workers)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr!.on('data', (text: Buffer) => (said = `${said}${String(text)}`.slice(-2_000)));
  const exited = once(child, 'exit').then(() => Promise.reject(new Error(`TensorFlow's process ended: ${said}`)));
  exited.catch(() => {});
  await Promise.race([once(child, 'message'), exited]);
  return {
    async step(shape) {
      const done = once(child, 'message');
      child.send(shape);
      await Promise.race([done, exited]);
    },
    async close() {
      child.disconnect();
      await exited.catch(() => {});
    },
  };
}

if (import.meta.main) {
  const [file, basePath, workers] = process.argv.slice(2) as [string, string, string];
  const base = await readBase(basePath, null);
  const tensorflow = { file, compileCache: null, cudaDir: null, exact: false, cores: Number(workers) };
  const team = await createTeam({ tensorflow, workers: Number(workers), base, use: 'train', ...classifier(base) });
  const batches = SHAPES.map(([, length]) => utterances(BATCH, architectureOf(base).vocabulary, length));
  process.on('message', (shape: number) => void team.step(batches[shape]!, RATE).then(() => process.send!('done')));
  process.send!('ready');
}
