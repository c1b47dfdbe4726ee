/** Stands in for an engine where only the executor is tested: the job's model name says what it does. */
import { access, appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { JOB_FILES, type ExamRow, type Job } from '../../../src/training/job.ts';

const dir = process.argv[2]!;
const file = (name: string) => path.join(dir, name);
const job = JSON.parse(await readFile(file(JOB_FILES.job), 'utf8')) as Job;
const at = new Date(0).toISOString();
const emit = (event: object) => appendFile(file(JOB_FILES.events), `${JSON.stringify({ at, ...event })}\n`);
const exists = (name: string) => access(file(name)).then(() => true, () => false);

await appendFile(file('started'), `${process.pid}\n`);
await emit({ type: 'start', pid: process.pid, backend: 'fake' });
await emit({ type: 'progress', step: 1, steps: 2, loss: 1.5, tokensPerSecond: 10 });

switch (job.model) {
  case 'crash':
    throw new Error('the fake engine fell over');
  case 'permanent':
    await emit({ type: 'error', code: 'bad-data', message: 'no such label', retryable: false });
    process.exit(42);

  case 'preempted-once':
    if (!(await exists('again'))) {
      await writeFile(file('again'), '');
      await emit({ type: 'error', code: 'preempted', message: 'the machine goes away', retryable: true });
      process.exit(75);
    }
    while (!(await exists('go'))) await pause(10);
    break;
  case 'silent':
    process.exit(42);

  case 'stubborn':
    process.on('SIGTERM', () => void appendFile(file('terms'), 'x'));
    for (;;) await pause(10);
  case 'waits':
    while (!(await exists('go'))) await pause(10);
    break;
  default:
}

const exam = (await readFile(file(JOB_FILES.exam), 'utf8')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as ExamRow);
const rows = job.model === 'short' ? exam.slice(1) : exam;
await writeFile(file(JOB_FILES.predictions), rows.map(({ id }) => `${JSON.stringify({ id, label: job.labels[0], confidence: 1, loss: 0 })}\n`).join(''));
const weights = Buffer.from(`weights of ${job.id}`);
if (job.kind === 'train') {
  await mkdir(file(JOB_FILES.adapter), { recursive: true });
  await writeFile(path.join(dir, JOB_FILES.adapter, 'adapter_config.json'), '{}');
  await writeFile(path.join(dir, JOB_FILES.adapter, 'adapter_model.safetensors'), weights);
  await writeFile(path.join(dir, JOB_FILES.adapter, 'trimtab.json'), '{"version":1}');
}
await emit({ type: 'done' });
const adapterDigest = job.kind === 'train' ? createHash('sha256').update(weights).digest('hex') : null;
const result = { kind: job.kind, engine: 'fake', backend: 'fake', versions: {}, rows: exam.length, steps: 2, tokens: 0, seconds: 0, peakMemoryBytes: 0, finalLoss: 1, learningRate: null, adapterDigest };
await writeFile(file('result.tmp'), JSON.stringify(result));
await rename(file('result.tmp'), file(JOB_FILES.result));
