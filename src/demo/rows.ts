/**
 * The rows of docs/quick-start.md as files: `npm run rows` writes them into the folder `quick-start`. Labelled rows to learn from, requests from before and
 * after the world changes as bodies of `predict`, and, for each request, the feedback that says what was meant.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CALM, CHANGED, createWorld, type Mixture, type Utterance } from './generator/world.ts';

const FOLDER = 'quick-start';
const SEED = 1;
const MODEL = 'router';
const LABELLED = 1_200;
const REQUESTS = 400;

const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

function requests(name: string, rows: readonly Utterance[]): [string, string][] {
  const ids = rows.map(({ id }) => `${name}-${id}`);
  return [
    [`${name}.json`, JSON.stringify({ texts: rows.map(({ text }) => text), ids })],
    [`${name}-feedback.ndjson`, lines(rows.map(({ label }, i) => ({ model: MODEL, predictionId: ids[i], label })))],
  ];
}

const world = createWorld(SEED);
const take = (count: number, mixture: Mixture) => world.take(count, mixture);
const files: [string, string][] = [
  ['labelled.ndjson', lines(take(LABELLED, CALM).map(({ text, label }) => ({ text, label })))],
  ...requests('before', take(REQUESTS, CALM)),
  ...requests('after', take(REQUESTS, CHANGED)),
];
await mkdir(FOLDER, { recursive: true });
for (const [name, text] of files) await writeFile(path.join(FOLDER, name), text);
console.log(`${FOLDER}: ${files.map(([name]) => name).join(', ')}`);
