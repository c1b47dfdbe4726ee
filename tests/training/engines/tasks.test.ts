/** Every task as a job, on both architectures: it learns, says what it should, and predicts the same from its adapter alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPredictor } from '../../../src/lora/predictor.ts';
import { random } from '../../../src/lora/random.ts';
import { documentDigest, taskRules, type JobRow } from '../../../src/tasks/index.ts';
import type { Job, PredictionLine } from '../../../src/training/job.ts';
import { writeTinyBase } from '../../lora/tiny.ts';
import { runHere, writeJob, writeTinyLlama, type Given } from '../support/jobs.ts';

const WORDS = ['play', 'song', 'by', 'rain', 'sun', 'book', 'hotel', 'train', 'some', 'please', 'bob', 'eve', 'kim'];
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tasks-'));
  await writeTinyBase(join(root, 'bert'), WORDS);
  await writeTinyLlama(join(root, 'llama'));
});
afterAll(() => rm(root, { recursive: true }));

type Base = 'bert' | 'llama';
type Task = 'classification' | 'multi-label' | 'extraction' | 'embedding' | 'generation';

const pick = <T>(of: readonly T[], uniform: () => number): T => of[Math.floor(uniform() * of.length)]!;

/** Rows that can be learnt from a few dozen examples. */
function rowsOf(task: Task, count: number, seed: number): object[] {
  const uniform = random(seed, task);
  return Array.from({ length: count }, (_, i) => {
    const [topic, name] = [i % 3, pick(['bob', 'eve', 'kim'], uniform)];
    const word = pick([['song', 'play'], ['rain', 'sun'], ['hotel', 'train']][topic]!, uniform);
    const text = `${pick(['some', 'please'], uniform)} ${word} by ${name}`;
    const start = text.indexOf(name);
    const id = `r${i}`;
    if (task === 'classification') return { id, text, label: ['music', 'weather', 'travel'][topic]! };
    if (task === 'multi-label') return { id, text, labels: [...(name === 'bob' ? ['bob'] : []), ...(topic === 0 ? ['music'] : [])] };
    if (task === 'extraction') return { id, text, spans: [{ start, end: start + name.length, label: 'artist' }] };
    if (task === 'embedding') return { id, text, positive: ['song play song', 'rain sun rain', 'hotel train hotel'][topic]! };
    return { id, text: word, completion: ['mu', 'we', 'tr'][topic]! };
  });
}

const LABELS: Readonly<Record<Task, readonly string[]>> = { classification: ['music', 'weather', 'travel'], 'multi-label': ['bob', 'music'], extraction: ['artist'], embedding: [], generation: [] };

const jobOf = (base: Base, task: Task): Given['job'] => ({
  task: task === 'multi-label' ? 'classification' : task,
  labelling: task === 'multi-label' ? 'multi' : 'single',
  labels: LABELS[task],
  base: { path: join(root, base), digest: null },
});

/** Mean score of the task's own metric. */
function score(task: Task, predictions: readonly PredictionLine[], exam: readonly object[]): number {
  const rules = taskRules(jobOf('bert', task).task, task === 'multi-label' ? 'multi' : 'single');
  const truths = (exam as Record<string, unknown>[]).map((row) => rules.parseTruth(task === 'embedding' ? row['positive'] : row[rules.truthField]));
  return predictions.reduce((sum, line, i) => sum + rules.score(truths[i]!, rules.fromPrediction(line), rules.metrics[0]!), 0) / predictions.length;
}

const CASES: readonly (readonly [Base, Task, number])[] = [
  ['bert', 'multi-label', 0.9],
  ['bert', 'extraction', 0.95],
  ['bert', 'embedding', 0.95],
  ['llama', 'classification', 0.9],
  ['llama', 'multi-label', 0.9],
  ['llama', 'extraction', 0.9],
  ['llama', 'embedding', 0.9],
  ['llama', 'generation', 0.9],
];

test.each(CASES)('%s, %s: is learnt; the adapter alone answers the same, in a job and in a predictor', async (base, task, least) => {
  const exam = rowsOf(task, 24, 2);
  const name = `${base}-${task}`;
  const epochs = task === 'extraction' ? 12 : 8;
  const { result, predictions, events } = await runHere(await writeJob(join(root, name), { job: jobOf(base, task), train: rowsOf(task, 96, 1), exam, settings: { epochs, maxLength: 32, learningRate: 2e-2 } }));
  expect(score(task, predictions, exam)).toBeGreaterThanOrEqual(least);
  expect(result).toMatchObject({ backend: 'wasm', rows: 96, steps: 12 * epochs, truncatedRows: 0, inexactSpans: 0 });
  expect(events[0]).toMatchObject({ type: 'start', backend: 'wasm', why: 'the job asks for it' });
  for (const { confidence, loss } of predictions) {
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThanOrEqual(1);
    expect(loss).toBeGreaterThanOrEqual(0);
  }

  const adapter = join(root, name, 'adapter');
  const again = await runHere(await writeJob(join(root, `${name}-again`), { job: jobOf(base, task), exam, initial: adapter, settings: { maxLength: 32 } }));
  again.predictions.forEach(({ confidence, loss, ...answer }, i) => {
    const { confidence: before, loss: lossBefore, ...answerBefore } = predictions[i]!;
    expect(answer).toEqual(answerBefore);
    expect(confidence).toBeCloseTo(before, 3);
    expect(loss).toBeCloseTo(lossBefore!, 3);
  });
  expect(again.result.adapterDigest).toBeNull();

  const predictor = await loadPredictor({ basePath: join(root, base), adapter });
  const asked = (exam as { text: string }[]).slice(0, 6);
  const rules = taskRules(jobOf(base, task).task as Job['task'], task === 'multi-label' ? 'multi' : 'single');
  if (task === 'embedding') {
    const documents = [...new Set((exam as { positive: string }[]).map(({ positive }) => positive))];
    const ranked = await predictor.rank(asked[0]!.text, documents, 2);
    expect(documentDigest(documents[ranked[0]!.index]!)).toBe(predictions[0]!.ranking![0]);
    expect(ranked.length).toBe(2);
  } else {
    const answers = await predictor.predict(asked.map(({ text }) => text), { maxTokens: 16 });
    answers.forEach(({ label, confidence }, i) => {
      expect(label).toBe(rules.fromPrediction(predictions[i]!));
      expect(confidence).toBeCloseTo(predictions[i]!.confidence, 3);
    });
  }
  await predictor.dispose();
});

test('a base alone ranks documents: what the first adapter of a search has to beat', async () => {
  const exam = rowsOf('embedding', 9, 3);
  const { predictions, result } = await runHere(await writeJob(join(root, 'alone'), { job: jobOf('bert', 'embedding'), exam }));
  expect(result).toMatchObject({ kind: 'predict', rows: 9 });
  expect(predictions.every(({ ranking }) => ranking!.length === 3)).toBe(true);
});

test('chats are generation rows too, and a base without the head for a task is refused by name', async () => {
  const chat = (i: number): JobRow => ({ id: `${i}`, messages: [{ role: 'system', content: 'short' }, { role: 'user', content: i % 2 === 0 ? 'sun' : 'rain' }], completion: i % 2 === 0 ? 'A' : 'B' });
  const exam = [chat(0), chat(1)];
  const { predictions } = await runHere(await writeJob(join(root, 'chat'), { job: jobOf('llama', 'generation'), train: Array.from({ length: 32 }, (_, i) => chat(i)), exam, settings: { epochs: 20, maxLength: 64, learningRate: 2e-2 } }));
  expect(predictions.map(({ output }) => output)).toEqual(['A', 'B']);
  const needless = { id: 'x', text: 'sun', tools: [{ type: 'function' }], completion: 'A' };
  await expect(runHere(await writeJob(join(root, 'needless'), { job: jobOf('llama', 'generation'), train: [needless, needless], exam }))).rejects.toThrow('train.jsonl, line 1: it has "tools" and no chat that they are for; tools beside messages');
  await expect(runHere(await writeJob(join(root, 'bert-writes'), { job: jobOf('bert', 'generation'), train: exam, exam }))).rejects.toThrow(/can do the task generation: llama, mistral/);
});

test('with loss assistantTurns earlier turns are learnt too; the exam is of the completion alone', async () => {
  const rows = Array.from({ length: 32 }, (_, i) => ({ id: `${i}`, messages: [{ role: 'user', content: 'sun' }, { role: 'assistant', content: 'A' }, { role: 'user', content: 'rain' }], completion: 'B' }));
  const exam = [{ id: 'first', messages: [{ role: 'user', content: 'sun' }], completion: 'A' }, { ...rows[0]!, id: 'last' }];
  const train = async (loss: 'completion' | 'assistantTurns') => runHere(await writeJob(join(root, loss), { job: jobOf('llama', 'generation'), train: rows, exam, settings: { epochs: 20, maxLength: 64, learningRate: 2e-2, loss } }));
  const { predictions } = await train('assistantTurns');
  expect(predictions.map(({ output }) => output)).toEqual(['A', 'B']);
  const { predictions: narrow } = await train('completion');
  expect(narrow[1]!.output).toBe('B');
  expect(narrow[0]!.loss!).toBeGreaterThan(3 * predictions[0]!.loss!);
  // a mean over the two tokens of "B" and its end, not over the first turn's as well
  expect(predictions[1]!.loss!).toBeCloseTo(-Math.log(predictions[1]!.confidence), 3);
  await expect(runHere(await writeJob(join(root, 'loss'), { job: jobOf('bert', 'extraction'), train: [], exam: [], settings: { loss: 'assistantTurns' } }))).rejects.toThrow('it is "assistantTurns"; that is for the task generation');
});

test('all rows with one document cannot be told apart', async () => {
  const rows = [1, 2, 3].map((n) => ({ id: `${n}`, text: `sun ${n}`, positive: 'the same' }));
  await expect(runHere(await writeJob(join(root, 'same'), { job: jobOf('bert', 'embedding'), train: rows, exam: rows }))).rejects.toThrow(/all rows have the same document/);
});
