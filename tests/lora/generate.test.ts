import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { GenerateOptions, Generated } from '../../src/lora/generate.ts';
import { generate } from '../../src/lora/generate.ts';
import type { Body } from '../../src/lora/models/index.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import type { Backend, Tensor } from '../../src/lora/ops.ts';
import { random } from '../../src/lora/random.ts';
import { GREEDY, likeliest, logProbabilityOf, sampler } from '../../src/lora/sampling.ts';
import { tinyBase } from './tiny.ts';
import { tinyLlama } from './tiny-llama.ts';

const base = tinyLlama();
const load = <T extends Tensor>(b: Backend<T>): Body<T> => architectureOf(base).load(b, base, { loras: [], adjust: (_, weight) => weight, backward: false, output: true });
/** Tokens as letters, so that answers are text. */
const decode = (tokens: readonly number[]): string => tokens.map((token) => String.fromCharCode(65 + token)).join('');
const OPTIONS: GenerateOptions = { ...GREEDY, maxTokens: 12, positions: 64, seed: 1, stopTokens: [], stop: [], decode };
const PROMPTS = [[3, 14, 15], [9], [26, 5, 35, 8, 9, 7, 9]].map((tokens) => Int32Array.from(tokens));

const b = wasmBackend();
const body = load(b);
const run = (options: Partial<GenerateOptions> = {}, prompts = PROMPTS): Generated[] => generate(b, body, prompts, { ...OPTIONS, ...options });

/** The next token's logits without any cache: the whole sequence anew. */
function logitsBehind(tokens: readonly number[]): Float64Array {
  const oracle = referenceBackend();
  const whole = load(oracle);
  const { hidden } = whole.forward(Int32Array.from(tokens), Int32Array.from(tokens.keys()), { starts: Int32Array.of(0, tokens.length) });
  const logits = oracle.linear(hidden, { frozen: whole.output!, lora: null }).y;
  return logits.data.slice(-50);
}

test('greedy answers and their log-probabilities are those without a cache, of the oracle', () => {
  run().forEach(({ tokens, logProbabilities, finish, text }, i) => {
    expect(tokens.length).toBe(12);
    expect(finish).toBe('length');
    expect(text).toBe(decode(tokens));
    tokens.forEach((token, j) => {
      const logits = logitsBehind([...PROMPTS[i]!, ...tokens.slice(0, j)]);
      expect(token).toBe(likeliest(logits));
      expect(logProbabilities[j]).toBeCloseTo(logProbabilityOf(logits, token), 4);
    });
  });
});

test('neighbours change no bit, and no tensor is left behind', () => {
  const alive = b.liveTensors();
  const sampled = { temperature: 0.9, topP: 0.9, topK: 0 };
  const crowd = Array.from({ length: 20 }, (_, i) => PROMPTS[i % 3]!);
  const together = run(sampled, crowd);
  PROMPTS.forEach((prompt, i) => expect(run(sampled, [prompt])[0]).toEqual(together[i]));
  expect(together[3]).toEqual(together[0]);
  expect(run({ ...sampled, seed: 2 })).not.toEqual(together.slice(0, 3));
  expect(b.liveTensors()).toBe(alive);
});

test('a long prompt is read in pieces', () => {
  const long = tinyLlama({}, { max_position_embeddings: 2048 });
  const model = architectureOf(long).load(b, long, { loras: [], adjust: (_, weight) => weight, backward: false, output: true });
  const prompt = Int32Array.from({ length: 1030 }, (_, i) => (i * 7) % 50);
  const [found] = generate(b, model, [prompt], { ...OPTIONS, positions: 2048, maxTokens: 1 });
  const logits = b.step(() => {
    const { hidden } = model.forward(prompt, Int32Array.from(prompt.keys()), { starts: Int32Array.of(0, prompt.length) });
    return b.read(b.linear(b.select(hidden, Int32Array.of(prompt.length - 1)), { frozen: model.output!, lora: null }).y);
  });
  expect(found!.tokens).toEqual([likeliest(logits)]);
  expect(found!.logProbabilities[0]).toBeCloseTo(logProbabilityOf(logits, found!.tokens[0]!), 5);
});

describe('an answer ends', () => {
  const [whole] = run();

  test('with a stop token, which is no part of its text', () => {
    const stop = whole!.tokens[4]!;
    const at = whole!.tokens.indexOf(stop);
    expect(run({ stopTokens: [stop] })[0]).toEqual({ ...whole, text: decode(whole!.tokens.slice(0, at)), tokens: whole!.tokens.slice(0, at + 1), logProbabilities: whole!.logProbabilities.slice(0, at + 1), finish: 'stop' });
  });

  test('before a stop string, also one over several tokens', () => {
    const stop = decode(whole!.tokens.slice(3, 5));
    const at = whole!.text.indexOf(stop);
    expect(run({ stop: ['nothing of that', stop] })[0]).toMatchObject({ text: whole!.text.slice(0, at), tokens: whole!.tokens.slice(0, at + 2), finish: 'stop' });
  });

  test('at the last position of the base, and not before', () => {
    const [short] = run({ positions: 9 });
    expect(short).toMatchObject({ tokens: whole!.tokens.slice(0, 6), finish: 'length' });
    expect(run({ maxTokens: 0 })[0]).toEqual({ text: '', tokens: [], logProbabilities: [], finish: 'length' });
  });

  test('never begins where there is no room, no prompt, or no decoder', () => {
    expect(() => run({ positions: 7 })).toThrow(/a prompt.*7 tokens.*1 to 6/);
    expect(() => run({}, [new Int32Array(0)])).toThrow(/0 tokens/);
    const encoder = tinyBase();
    const encoding = architectureOf(encoder).load(b, encoder, { loras: [], adjust: (_, weight) => weight, backward: false, output: false });
    expect(() => generate(b, encoding, PROMPTS, OPTIONS)).toThrow(/no decoder/);
  });
});

describe('sampling', () => {
  const logits = Float64Array.from([2, 1, 0.5, -1, -3]);
  const shares = logits.map((_, i) => Math.exp(logProbabilityOf(logits, i)));

  function frequencies(options: Parameters<typeof sampler>[0]): number[] {
    const pick = sampler(options, random(1, 'sampling'));
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < 20_000; i += 1) counts[pick(logits)]! += 1;
    return counts.map((count) => count / 20_000);
  }

  test.each([
    ['all', { temperature: 1, topP: 1, topK: 0 }, [0, 1, 2, 3, 4]],
    ['the three likeliest', { temperature: 1, topP: 1, topK: 3 }, [0, 1, 2]],
    // 0.61 + 0.22 reach 0.8.
    ['the nucleus', { temperature: 1, topP: 0.8, topK: 0 }, [0, 1]],
    ['one, however small the nucleus', { temperature: 1, topP: 1e-9, topK: 0 }, [0]],
    ['the nucleus of the two likeliest', { temperature: 1, topP: 0.75, topK: 2 }, [0, 1]],
  ])('%s: as often as the model says', (_, options, kept) => {
    const total = kept.reduce((sum, i) => sum + shares[i]!, 0);
    // Four standard errors.
    frequencies(options).forEach((frequency, i) => expect(Math.abs(frequency - (kept.includes(i) ? shares[i]! / total : 0))).toBeLessThan(0.0142));
  });

  test('temperature sharpens and flattens', () => {
    expect(frequencies({ temperature: 0.5, topP: 1, topK: 0 })[0]! / frequencies({ temperature: 0.5, topP: 1, topK: 0 })[1]!).toBeCloseTo(Math.exp(2), 0);
    expect(frequencies({ temperature: 0, topP: 1, topK: 0 })[0]).toBe(1);
  });

  test('the nucleus is the smallest set that reaches its share', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 30 }), fc.double({ min: 0.01, max: 0.999, noNaN: true }), fc.nat(), (values, topP, seed) => {
        const all = Float64Array.from(values);
        const sorted = values.map((_, i) => Math.exp(logProbabilityOf(all, i))).toSorted((x, y) => y - x);
        let sum = 0;
        const size = sorted.findIndex((share) => (sum += share) >= topP) + 1 || sorted.length;
        const least = sorted[size - 1]!;
        const picked = sampler({ temperature: 1, topP, topK: 0 }, random(seed, 'nucleus'))(all);
        expect(Math.exp(logProbabilityOf(all, picked))).toBeGreaterThanOrEqual(least * (1 - 1e-9));
      }),
    );
  });
});
