/**
 * Whole jobs, from text to answer: the engine trains each task on each architecture, and transformers with PEFT, given base, adapter and texts
 * alone, gives the same answers, confidences and losses. So tokens, targets, templates, adapter and head are all what they say.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random } from '../../src/lora/random.ts';
import type { PredictionLine } from '../../src/training/job.ts';
import { writeTinyBase } from '../lora/tiny.ts';
import type { Given } from '../training/support/jobs.ts';
import { runHere, writeJob, writeTinyLlama } from '../training/support/jobs.ts';
import { PYTHON, WHERE, python } from './support.ts';

const WORDS = ['play', 'song', 'by', 'rain', 'sun', 'book', 'hotel', 'train', 'some', 'please', 'bob', 'eve', 'kim', 'lee'];
const LABELS = { classification: ['music', 'weather', 'travel'], 'multi-label': ['bob', 'music'], extraction: ['artist', 'thing'], embedding: [], generation: [], chat: [], tools: [] } as const;
type Task = keyof typeof LABELS;
type Base = 'bert' | 'llama';
/** Tasks of generation. */
const WRITTEN: ReadonlySet<Task> = new Set(['generation', 'chat', 'tools']);

const CASES: readonly (readonly [Base, Task])[] = (['bert', 'llama'] as const).flatMap((base) =>
  (Object.keys(LABELS) as Task[]).filter((task) => base === 'llama' || !WRITTEN.has(task)).map((task) => [base, task] as const),
);

function rowsOf(task: Task, count: number, seed: number): object[] {
  const uniform = random(seed, task);
  const pick = (of: readonly string[]): string => of[Math.floor(uniform() * of.length)]!;
  return Array.from({ length: count }, (_, i) => {
    const [topic, name] = [i % 3, `${pick(['bob', 'eve', 'kim'])}${i % 2 === 0 ? ' lee' : ''}`];
    const word = pick([['song', 'play'], ['rain', 'sun'], ['hotel', 'train']][topic]!);
    const text = `${pick(['some', 'please'])} ${word} by ${name}`;
    const [start, thing] = [text.indexOf(name), text.indexOf(word)];
    const id = `r${i}`;
    switch (task) {
      case 'classification':
        return { id, text, label: LABELS.classification[topic]! };
      case 'multi-label':
        return { id, text, labels: [...(name.startsWith('bob') ? ['bob'] : []), ...(topic === 0 ? ['music'] : [])] };
      case 'extraction':
        return { id, text, spans: [{ start: thing, end: thing + word.length, label: 'thing' }, { start, end: start + name.length, label: 'artist' }] };
      case 'embedding':
        return { id, text, positive: ['song play song', 'rain sun rain', 'hotel train hotel'][topic]!, negatives: [`${name} book`] };
      case 'generation':
        return { id, text: word, completion: ['mü', 'wé', 'tr'][topic]! };
      case 'chat':
        return { id, messages: [{ role: 'system', content: 'short' }, { role: 'user', content: word }], completion: ['A', 'B', 'C'][topic]! };
      case 'tools':
        return { id, messages: [{ role: 'user', content: word }], tools: [{ n: 'ü', a: null }], completion: ['A', 'B', 'C'][topic]! };
    }
  });
}

const jobOf = (path: string, task: Task): Given['job'] => ({
  task: task === 'multi-label' ? 'classification' : task === 'chat' || task === 'tools' ? 'generation' : task,
  labelling: task === 'multi-label' ? 'multi' : 'single',
  labels: LABELS[task],
  base: { path, digest: null },
});

describe.skipIf(PYTHON === null)(`whole jobs, examined again by PEFT${WHERE}`, () => {
  let root = '';
  const ours = new Map<string, readonly PredictionLine[]>();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'trimtab-peft-'));
    await writeTinyBase(join(root, 'bert'), WORDS);
    await writeTinyLlama(join(root, 'llama'));
    for (const [base, task] of CASES) {
      const given: Given = { job: jobOf(join(root, base), task), train: rowsOf(task, 48, 1), exam: rowsOf(task, 9, 2), settings: { epochs: 6, maxLength: base === 'bert' ? 32 : 60, learningRate: 1e-2 } };
      ours.set(`${base}-${task}`, (await runHere(await writeJob(join(root, 'jobs', `${base}-${task}`), given))).predictions);
    }
    await python('jobs.py', root);
  }, 600_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  test.each(CASES)('%s, %s: answers, confidences and losses', async (base, task) => {
    const name = `${base}-${task}`;
    const theirs = (await readFile(join(root, 'jobs', name, 'theirs.jsonl'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as Omit<PredictionLine, 'id'>);
    const found = ours.get(name)!;
    expect(found.length).toBe(theirs.length);
    found.forEach(({ id, confidence, loss, ...answer }, i) => {
      const { confidence: theirConfidence, loss: theirLoss, ...theirAnswer } = theirs[i]!;
      expect(answer, id).toEqual(theirAnswer);
      expect(confidence, id).toBeCloseTo(theirConfidence, 4);
      expect(Math.abs(loss! - theirLoss!), id).toBeLessThan(1e-4 * Math.max(1, theirLoss!));
    });
  });
});
