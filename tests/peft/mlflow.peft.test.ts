/** An adapter exported as an MLflow model: MLflow loads it, and it answers what the service would. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeExport, type ExportedFiles } from '../../src/cli/export/hugging-face.ts';
import { mlflowModel } from '../../src/cli/export/mlflow.ts';
import { loadPredictor, type Predicted } from '../../src/lora/predictor.ts';
import { writeTinyBase } from '../lora/tiny.ts';
import { runHere, writeJob, writeTinyLlama } from '../training/support/jobs.ts';
import { PYTHON, WHERE, python } from './support.ts';

const WORDS = ['play', 'song', 'rain', 'sun', 'some', 'please', 'bob'];
const TEXTS = ['play some song', 'rain please', 'sun sun rain bob please', 'song'];
const TRUTHS = {
  label: (i: number) => ({ label: ['music', 'weather'][i % 2] }),
  labels: (i: number) => ({ labels: i % 3 === 0 ? ['music', 'weather'] : i % 2 === 0 ? ['music'] : [] }),
  positive: (i: number) => ({ positive: ['play song', 'sun rain'][i % 2] }),
  completion: (i: number) => ({ completion: ['A', 'B'][i % 2] }),
} as const;
const CASES = [['bert', 'label'], ['llama', 'label'], ['bert', 'labels'], ['bert', 'positive'], ['llama', 'completion']] as const;
type Answer = Readonly<Record<string, string | number>>;

describe.skipIf(PYTHON === null)(`MLflow${WHERE}`, () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'trimtab-mlflow-'));
    await writeTinyBase(join(root, 'bert'), WORDS);
    await writeTinyLlama(join(root, 'llama'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test.each(CASES)('%s, %s: the answers of the engine', async (base, truth) => {
    const folder = join(root, `${base}-${truth}`);
    const rows = Array.from({ length: 24 }, (_, i) => ({ id: `r${i}`, text: [['play song', 'some song'], ['rain', 'sun please']][i % 2]?.[i % 3 === 0 ? 0 : 1] as string, ...TRUTHS[truth](i) }));
    await runHere(await writeJob(folder, {
      job: {
        task: truth === 'positive' ? 'embedding' : truth === 'completion' ? 'generation' : 'classification', labelling: truth === 'labels' ? 'multi' : 'single',
        labels: truth === 'label' || truth === 'labels' ? ['music', 'weather'] : [], base: { path: join(root, base), digest: null },
      },
      train: rows, exam: rows.slice(0, 4), settings: { epochs: 4, maxLength: base === 'bert' ? 32 : 60, learningRate: 1e-2 },
    }));
    await writeExport(join(folder, 'model'), await mlflowModel('tiny--v1-00000000', await filesIn(join(folder, 'adapter')), new Date(0)));
    await writeFile(join(folder, 'texts.json'), JSON.stringify(TEXTS));
    await python('mlflow_model.py', folder);
    const theirs = JSON.parse(await readFile(join(folder, 'answers.json'), 'utf8')) as Answer[];

    const predictor = await loadPredictor({ basePath: join(root, base), adapter: join(folder, 'adapter') });
    const ours = await predictor.predict(TEXTS, { maxTokens: 128 });
    await predictor.dispose();
    expect(theirs).toHaveLength(TEXTS.length);
    ours.forEach((mine, i) => same(mine, theirs[i] as Answer, truth));
  });
});

function same({ label, confidence, vector }: Predicted, theirs: Answer, truth: keyof typeof TRUTHS): void {
  if (truth === 'positive') {
    const found = JSON.parse(theirs['vector'] as string) as number[];
    found.forEach((value, i) => expect(value).toBeCloseTo(vector?.[i] ?? Number.NaN, 4));
    return;
  }
  const said = theirs[truth === 'completion' ? 'output' : truth];
  expect(truth === 'labels' ? JSON.stringify((JSON.parse(said as string) as string[]).sort()) : said).toBe(label);
  expect(theirs['confidence']).toBeCloseTo(confidence, 4);
}

async function filesIn(folder: string): Promise<ExportedFiles> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  return new Map([...(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const))), ['README.md', new TextEncoder().encode('a card')]]);
}
