/** Sits the exam: answers every row, in the form of its task. */
import { dot, largest, softLoss, unitOf } from '../../../lora/contrast.ts';
import type { Answer, GenerationCodec } from '../../../lora/codecs/index.ts';
import { generatedAnswer, predict, promptOf, tokenOptions } from '../../../lora/predict.ts';
import type { GeneratingTeam, Team } from '../../../lora/team.ts';
import type { JobRow } from '../../../tasks/index.ts';
import { documentDigest, RANKED } from '../../../tasks/index.ts';
import type { PredictionLine } from '../../job.ts';
import type { Bench, EncodedRows } from './bench.ts';

/** For all heads but `vocabulary`, with the team that trained. */
export async function sitExam(team: Pick<Team, 'outputs'>, bench: Bench, exam: readonly JobRow[], { rows }: EncodedRows): Promise<PredictionLine[]> {
  if (bench.plan.kind === 'pooled') return rank(team, bench, exam, rows.map(({ row }) => row.tokens));
  const answered = await predict(team, bench.plan.kind, bench.codec, rows);
  return exam.map(({ id }, i) => lineOf(id, answered[i]!.answer!, answered[i]!.loss));
}

function lineOf(id: string, { label, labels, spans, output, confidence }: Answer, loss: number | null): PredictionLine {
  const answer = label !== undefined ? { label } : labels !== undefined ? { labels } : spans !== undefined ? { spans } : { output: output! };
  return { id, ...answer, confidence, loss };
}

/** Search: all rows' documents, each once, in the order of the exam, so that every adapter that sits it ranks the same ones. */
async function rank(team: Pick<Team, 'outputs'>, { codec }: Bench, exam: readonly JobRow[], queries: readonly Int32Array[]): Promise<PredictionLine[]> {
  const positives = exam.map((row) => ('positive' in row ? row.positive : ''));
  const documents = [...new Set(positives)];
  const index = new Map(documents.map((document, i) => [document, i]));
  const texts = [...queries.map((tokens) => ({ tokens, targets: new Int32Array(0), weight: 1 })), ...documents.map((document) => codec.question(document).row)];
  const vectors = await team.outputs(texts);
  const units = vectors.map(unitOf);
  const [asked, corpus] = [units.slice(0, exam.length), units.slice(exam.length)];
  const names = documents.map(documentDigest);
  return exam.map(({ id }, i) => {
    const cosines = corpus.map((document) => dot(asked[i]!, document));
    const best = largest(cosines, RANKED);
    const { loss } = softLoss(cosines, index.get(positives[i]!)!);
    // The best cosine, not its share: that would fall with the number of documents.
    return { id, ranking: best.map((at) => names[at]!), confidence: Math.min(1, Math.max(0, cosines[best[0]!]!)), loss };
  });
}

/** The head `vocabulary`: writes an answer to each row, and takes the loss of the true one. */
export async function sitWriting(team: GeneratingTeam, bench: Bench, exam: readonly JobRow[], { rows }: EncodedRows, maxTokens: number): Promise<PredictionLine[]> {
  const codec = bench.codec as GenerationCodec;
  const { positions } = bench.architecture;
  const losses = await predict(team, bench.plan.kind, codec, rows);
  const prompts = exam.map((row) => promptOf(codec.question('messages' in row ? row : row.text), positions));
  const written = await team.generate(prompts, tokenOptions({ maxTokens }, codec, positions));
  return exam.map(({ id }, i) => {
    const { tokens, logProbabilities } = written[i]!;
    return lineOf(id, generatedAnswer(codec.text(tokens), logProbabilities), losses[i]!.loss);
  });
}
