/**
 * Text, token by token. Sequences of a batch go on side by side: the weights are read once for all of them. What a prompt gives depends on
 * prompt, options and seed alone, not on its neighbours.
 */
import { TrimtabError } from '../errors.ts';
import type { Body, Decoder } from './models/index.ts';
import type { Backend, Cache, Frozen, Layout, Tensor } from './ops.ts';
import { random } from './random.ts';
import type { Sampling } from './sampling.ts';
import { logProbabilityOf, sampler } from './sampling.ts';

export interface GenerateOptions extends Sampling {
  /** Most tokens of one answer. */
  readonly maxTokens: number;
  /** The base's longest sequence, prompt and answer together. */
  readonly positions: number;
  readonly seed: number;
  /** End an answer: EOS, an end of turn. They are its last token and no part of its text. */
  readonly stopTokens: readonly number[];
  /** End an answer too, and are cut off its text. */
  readonly stop: readonly string[];
  readonly decode: (tokens: readonly number[]) => string;
}

export interface Generated {
  readonly text: string;
  /** All that was produced, a stop token included. */
  readonly tokens: readonly number[];
  /** ln of each token's probability as the model gave it, before temperature and cuts. */
  readonly logProbabilities: readonly number[];
  /** 'length': cut off by maxTokens or the base's positions. */
  readonly finish: 'stop' | 'length';
}

/** Sequences side by side: more win little on a CPU, and each holds its caches. */
export const BATCH = 16;
/** Prompt tokens of one forward pass. */
export const PREFILL = 512;

/** One answer for each prompt, in order. The body must have been loaded with its output. */
export function generate<T extends Tensor>(b: Backend<T>, { decoder, output }: Body<T>, prompts: readonly Int32Array[], options: GenerateOptions): Generated[] {
  if (decoder === null || output === null) throw new TrimtabError('bad-base', { base: 'in use', problem: 'it has no decoder with a language-model head', right: 'a base of the llama architecture, loaded for generation' });
  for (const { length } of prompts) {
    if (length === 0 || length >= options.positions) throw new TrimtabError('bad-data', { what: 'a prompt', problem: `it has ${length} tokens`, right: `1 to ${options.positions - 1}, so that at least one token can follow` });
  }
  const answers: Generated[] = [];
  for (let from = 0; from < prompts.length; from += BATCH) answers.push(...together(b, decoder, output, prompts.slice(from, from + BATCH), options));
  return answers;
}

/** A sequence on its way. */
interface Sequence {
  readonly prompt: Int32Array;
  readonly caches: readonly Cache[];
  readonly pick: (logits: Float32Array | Float64Array) => number;
  readonly tokens: number[];
  readonly logProbabilities: number[];
  answer: Generated | null;
}

function together<T extends Tensor>(b: Backend<T>, decoder: Decoder<T>, output: Frozen, prompts: readonly Int32Array[], options: GenerateOptions): Generated[] {
  return b.step(() => {
    const sequences = prompts.map((prompt): Sequence => ({
      prompt,
      caches: decoder.start(Math.min(prompt.length + options.maxTokens, options.positions)),
      pick: sampler(options, random(options.seed, `generate ${prompt.join(' ')}`)),
      tokens: [],
      logProbabilities: [],
      answer: options.maxTokens === 0 ? { text: '', tokens: [], logProbabilities: [], finish: 'length' } : null,
    }));
    const extend = (active: readonly Sequence[], parts: readonly Int32Array[]): void => {
      const logits = b.step(() => nextLogits(b, decoder, output, active, parts));
      const width = logits.length / active.length;
      active.forEach((sequence, i) => append(sequence, logits.subarray(i * width, (i + 1) * width), options));
    };
    const going = (): Sequence[] => sequences.filter(({ answer }) => answer === null);
    for (const sequence of going()) {
      const { prompt } = sequence;
      const last = Math.floor((prompt.length - 1) / PREFILL) * PREFILL;
      for (let from = 0; from < last; from += PREFILL) b.step(() => forward(decoder, [sequence], [prompt.subarray(from, from + PREFILL)]));
      extend([sequence], [prompt.subarray(last)]);
    }
    for (let active = going(); active.length > 0; active = going()) extend(active, active.map(({ tokens }) => Int32Array.of(tokens.at(-1)!)));
    return sequences.map(({ answer }) => answer!);
  });
}

/** Hidden states of the sequences' next tokens. */
function forward<T extends Tensor>(decoder: Decoder<T>, sequences: readonly Sequence[], parts: readonly Int32Array[]): { hidden: T; layout: Layout } {
  const starts = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => (starts[i + 1] = starts[i]! + part.length));
  const [tokens, positions] = [new Int32Array(starts.at(-1)!), new Int32Array(starts.at(-1)!)];
  parts.forEach((part, i) => {
    tokens.set(part, starts[i]!);
    const before = sequences[i]!.caches[0]!.length;
    for (let j = 0; j < part.length; j += 1) positions[starts[i]! + j] = before + j;
  });
  return { hidden: decoder.forward(tokens, positions, { starts }, sequences.map(({ caches }) => caches)), layout: { starts } };
}

/** What each sequence says of the token behind its part, [sequences x vocabulary]. */
function nextLogits<T extends Tensor>(b: Backend<T>, decoder: Decoder<T>, output: Frozen, sequences: readonly Sequence[], parts: readonly Int32Array[]): Float32Array | Float64Array {
  const { hidden, layout } = forward(decoder, sequences, parts);
  const last = b.select(hidden, layout.starts.subarray(1).map((end) => end - 1));
  return b.read(b.linear(last, { frozen: output, lora: null }).y);
}

function append(sequence: Sequence, logits: Float32Array | Float64Array, { maxTokens, positions, stopTokens, stop, decode }: GenerateOptions): void {
  const { prompt, tokens, logProbabilities } = sequence;
  const token = sequence.pick(logits);
  tokens.push(token);
  logProbabilities.push(logProbabilityOf(logits, token));
  const end = (text: string, finish: Generated['finish']): void => {
    sequence.answer = { text, tokens, logProbabilities, finish };
  };
  if (stopTokens.includes(token)) return end(decode(tokens.slice(0, -1)), 'stop');
  if (stop.length > 0) {
    const text = decode(tokens);
    const cuts = stop.map((word) => text.indexOf(word)).filter((at) => at >= 0);
    if (cuts.length > 0) return end(text.slice(0, Math.min(...cuts)), 'stop');
  }
  // The last token needs no place of its own: nothing is asked behind it.
  if (tokens.length === maxTokens || prompt.length + tokens.length >= positions) end(decode(tokens), 'length');
}
