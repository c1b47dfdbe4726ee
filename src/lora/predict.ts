/** Answers to encoded questions. */
import type { Answer, Codec, EncodedExample, Input } from './codecs/index.ts';
import { HEADS } from './heads/index.ts';
import type { Member } from './member.ts';
import type { HeadKind } from './models/index.ts';
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

/** Answers of one member, for all heads but generation. */
export function answerQuestions(member: Pick<Member, 'outputs'>, codec: Codec, inputs: readonly Input[]): Answer[] {
  const questions = inputs.map((input) => codec.question(input));
  const outputs = member.outputs(questions.map(({ row }) => row));
  return questions.map((question, i) => codec.answer(question, outputs[i]!)!);
}
