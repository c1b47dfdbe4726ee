/** What a job is told of its rows. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseSpec } from '../../src/spec.ts';
import { canonicalChat } from '../../src/tasks/index.ts';
import { writeFolder } from '../../src/training/folder.ts';
import { jobOf } from '../../src/training/settings.ts';

test('a chat and its tools reach the job with their members in the order that they came in', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-folder-'));
  try {
    const chat = {
      messages: [{ role: 'user', content: 'rain?' }, { role: 'assistant', content: null, tool_calls: [{ type: 'function', function: { name: 'rain', arguments: { town: 'Bern', day: 1 } } }] }],
      tools: [{ type: 'function', function: { name: 'rain', parameters: { type: 'object', properties: { town: { type: 'string' }, day: { type: 'integer' } } } } }],
    };
    const row = { id: 'r1', text: canonicalChat(chat), label: 'no' };
    const spec = parseSpec({ name: 'm', task: 'generation', serving: {} });
    const job = jobOf({ id: 'j', kind: 'train', model: 'm', spec, base: '/base', labels: [], exam: '', seed: 1, workers: 1 }, { path: '/base', digest: '0' }, 1, { engineDir: null, compileDir: null });
    await writeFolder(dir, { job, train: [row], exam: [row], initial: null });
    const whole = `${JSON.stringify({ completion: 'no', id: 'r1', ...chat })}\n`;
    for (const name of ['train.jsonl', 'exam.jsonl']) expect(await readFile(path.join(dir, name), 'utf8')).toBe(whole);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('the wrong documents of a search reach the job beside the right one', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-folder-'));
  try {
    const spec = parseSpec({ name: 'm', task: 'embedding', serving: {} });
    const job = jobOf({ id: 'j', kind: 'train', model: 'm', spec, base: '/base', labels: [], exam: '', seed: 1, workers: 1 }, { path: '/base', digest: '0' }, 1, { engineDir: null, compileDir: null });
    const row = { id: 'r1', text: 'lost card', label: 'block it' };
    await writeFolder(dir, { job, train: [{ ...row, negatives: ['raise the limit'] }, { ...row, id: 'r2' }], exam: [row], initial: null });
    const lines = async (name: string) => (await readFile(path.join(dir, name), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as object);
    expect(await lines('train.jsonl')).toEqual([{ id: 'r1', text: 'lost card', positive: 'block it', negatives: ['raise the limit'] }, { id: 'r2', text: 'lost card', positive: 'block it' }]);
    expect(await lines('exam.jsonl')).toEqual([{ id: 'r1', text: 'lost card', positive: 'block it' }]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
