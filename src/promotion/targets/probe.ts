/** The answer to a fixed text, looked at before an adapter goes live: one can pass every static check and still answer NaN. */
import { messageOf, TrimtabError } from '../../errors.ts';
import type { Predicted, Predictor } from '../../lora/predictor.ts';
import type { TaskRules } from '../../tasks/index.ts';

export const PROBE_TEXT = 'is anybody there?';
/** Tokens of a probe's output: enough to see that it answers. */
export const PROBE_TOKENS = 8;
const SUM_TOLERANCE = 1e-3;

/** @throws TrimtabError `bad-adapter` */
export function checkAnswer(adapter: string, rules: TaskRules, { labels }: Pick<Predictor, 'labels'>, rows: readonly Predicted[]): void {
  const [row] = rows;
  const problem = rows.length !== 1 || row === undefined ? `${rows.length} answers` : problemOf(row, rules, labels);
  if (problem === null) return;
  throw new TrimtabError('bad-adapter', {
    adapter,
    problem: `it answers the probe with ${JSON.stringify(row?.label ?? null)} at ${row?.confidence}: ${problem}`,
    right: rules.task === 'embedding' ? 'a vector of finite numbers that are not all 0' : `an answer of task ${rules.task} with finite probabilities, of its ${labels.length} labels`,
  });
}

function problemOf(row: Predicted, rules: TaskRules, labels: readonly string[]): string | null {
  if (!isProbability(row.confidence)) return 'its confidence is no probability';
  if (rules.task === 'embedding') return vectorProblem(row.vector ?? []);
  try {
    const strange = rules.labelsIn(rules.parseAnswer(rules.answerValue(row.label), PROBE_TEXT))?.find((label) => !labels.includes(label));
    if (strange !== undefined) return `"${strange}" is no label of its own`;
  } catch (error) {
    return messageOf(error);
  }
  return rules.task === 'classification' ? scoresProblem(row.scores ?? [], labels.length, rules.labelling === 'single') : null;
}

function vectorProblem(vector: readonly number[]): string | null {
  if (!vector.every(Number.isFinite)) return 'its vector has numbers that are none';
  return vector.some((x) => x !== 0) ? null : 'its vector is 0';
}

/** The probabilities of one label among several add up to 1. */
function scoresProblem(scores: readonly number[], labels: number, exclusive: boolean): string | null {
  const sum = scores.reduce((a, b) => a + b, 0);
  const sound = scores.length === labels && scores.every(isProbability) && (!exclusive || Math.abs(sum - 1) <= SUM_TOLERANCE);
  return sound ? null : `its ${scores.length} scores add up to ${sum}`;
}

const isProbability = (p: number) => p >= 0 && p <= 1;
