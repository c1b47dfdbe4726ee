/** Answers to encoded questions. */
import type { Answer, Codec, EncodedExample, GenerationCodec, Input } from './codecs/index.ts';
import { HEADS } from './heads/index.ts';
import type { Member } from './member.ts';
import type { HeadKind } from './models/index.ts';
import type { Sampling } from './sampling.ts';
import { GREEDY } from './sampling.ts';
import type { TokenOptions } from './seat.ts';
import type { Team } from './team.ts';

/** Rows whose outputs are held at once. */
const CHUNK = 1024;

export interface Answered {
  /** Null of a generation, which is made by other means. */
  readonly answer: Answer | null;
  /** Of the true answer, nats; null where the head does not know it, or where none was given. */
  readonly loss: number | null;
}

export async function predict(team: Pick<Team, 'outputs'>, kind: HeadKind, codec: Codec, questions: readonly EncodedExample[]): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (let from = 0; from < questions.length; from += CHUNK) {
    const chunk = questions.slice(from, from + CHUNK);
    const outputs = await team.outputs(chunk.map(({ row }) => row));
    chunk.forEach((question, i) => answers.push({ answer: codec.answer(question, outputs[i]!), loss: question.known ? HEADS[kind].loss(question.row, outputs[i]!) : null }));
  }
  return answers;
}

/** How to generate; what is absent: greedily, 128 tokens. */
export interface PredictOptions extends Partial<Sampling> {
  readonly maxTokens?: number;
  readonly seed?: number;
  /** Texts that end an answer and are cut off it. */
  readonly stop?: readonly string[];
}

export const MAX_NEW_TOKENS = 128;

/** Greedy unless the options say otherwise. `positions`: the base's. */
export function tokenOptions({ maxTokens = MAX_NEW_TOKENS, seed = 0, temperature = GREEDY.temperature, topP = GREEDY.topP, topK = GREEDY.topK }: PredictOptions, codec: GenerationCodec, positions: number): TokenOptions {
  return { maxTokens, seed, temperature, topP, topK, positions, stopTokens: codec.stopTokens };
}

/** The prompt of a question, shortened at its start until one token fits behind it. */
export const promptOf = ({ row }: EncodedExample, positions: number): Int32Array => row.tokens.slice(Math.max(0, row.tokens.length - positions + 1));

/** Confidence: the geometric mean of the tokens' probabilities. */
export function generatedAnswer(output: string, logProbabilities: readonly number[]): Answer {
  const mean = logProbabilities.reduce((sum, value) => sum + value, 0) / Math.max(1, logProbabilities.length);
  return { output, confidence: Math.exp(mean) };
}

/** Answers of one member that generates. */
export function answerPrompts(member: Pick<Member, 'generate'>, codec: GenerationCodec, inputs: readonly Input[], positions: number, options: PredictOptions): Answer[] {
  const prompts = inputs.map((input) => promptOf(codec.question(input), positions));
  const found = member.generate(prompts, { ...tokenOptions(options, codec, positions), stop: options.stop ?? [], decode: (tokens) => codec.text(tokens) });
  return found.map(({ text, logProbabilities }) => generatedAnswer(text, logProbabilities));
}

/** Answers of one member, for all heads but generation. */
export function answerQuestions(member: Pick<Member, 'outputs'>, codec: Codec, inputs: readonly Input[]): Answer[] {
  const questions = inputs.map((input) => codec.question(input));
  const outputs = member.outputs(questions.map(({ row }) => row));
  return questions.map((question, i) => codec.answer(question, outputs[i]!)!);
}
