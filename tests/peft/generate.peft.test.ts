/** Greedy generation is that of transformers, token for token, with its log-probabilities; cached keys and values change nothing. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { GenerateOptions } from '../../src/lora/generate.ts';
import { generate } from '../../src/lora/generate.ts';
import { merged } from '../../src/lora/learner.ts';
import type { Backend } from '../../src/lora/ops.ts';
import { GREEDY } from '../../src/lora/sampling.ts';
import { random } from '../../src/lora/random.ts';
import { CASE_NAMES, baseFolder, distance, readCase } from '../lora/golden-cases.ts';
import { PYTHON, WHERE, python, withFolder } from './support.ts';

const NAMES = CASE_NAMES.filter((name) => name.endsWith('-vocabulary'));
const VOCABULARY = 48;
const LENGTHS = [1, 2, 3, 5, 8, 13, 21, 34];
const OPTIONS: GenerateOptions = { ...GREEDY, maxTokens: 24, positions: 64, seed: 1, stopTokens: [2, 5, 9], stop: [], decode: String };
const BACKENDS: readonly (readonly [string, () => Backend])[] = [
  ['reference', () => referenceBackend() as unknown as Backend],
  ['wasm', () => wasmBackend() as unknown as Backend],
];

/** The same prompts on both sides. */
function promptsOf(name: string): Int32Array[] {
  const uniform = random(3, name);
  return LENGTHS.map((length) => Int32Array.from({ length }, () => 3 + Math.floor(uniform() * (VOCABULARY - 3))));
}

describe.skipIf(PYTHON === null)(`generation as transformers does it${WHERE}`, () => {
  let theirs: { tokens: number[]; logProbabilities: number[] }[][] = [];

  beforeAll(async () => {
    theirs = await withFolder(async (folder) => {
      const given = NAMES.map((name) => ({
        base: baseFolder(name.replace(/-vocabulary$/, '')),
        adapter: join(import.meta.dirname, '../lora/golden/cases', name),
        prompts: promptsOf(name).map((prompt) => Array.from(prompt)),
        maxTokens: OPTIONS.maxTokens,
        stopTokens: OPTIONS.stopTokens,
      }));
      await writeFile(join(folder, 'exchange.json'), JSON.stringify(given));
      await python('generate.py', folder);
      return JSON.parse(await readFile(join(folder, 'generated.json'), 'utf8')) as typeof theirs;
    });
  }, 600_000);

  test('the prompts cover answers that stop and answers that are cut off', () => {
    const lengths = theirs.flat().map(({ tokens }) => tokens.length);
    expect(lengths.some((length) => length === OPTIONS.maxTokens)).toBe(true);
    expect(lengths.some((length) => length < OPTIONS.maxTokens)).toBe(true);
  });

  test.each(BACKENDS.flatMap(([backend, create]) => NAMES.map((name) => [backend, name, create] as const)))('%s, %s: the same tokens and log-probabilities', async (_, name, create) => {
    const { base, plan, adapter } = await readCase(name);
    const backend = create();
    const found = generate(backend, merged(backend, base, plan, adapter.values).body, promptsOf(name), OPTIONS);
    const right = theirs[NAMES.indexOf(name)]!;
    expect(found.map(({ tokens }) => tokens)).toEqual(right.map(({ tokens }) => tokens));
    found.forEach(({ logProbabilities }, i) => expect(distance(logProbabilities, right[i]!.logProbabilities)).toBeLessThan(1e-4));
    for (const { tokens, finish } of found) expect(finish).toBe(OPTIONS.stopTokens.includes(tokens.at(-1)!) ? 'stop' : 'length');
  });
});
