/** From an unknown row to one that can be written, or to the reason why not. The rules of the model's task check what it says. */
import { canonicalJson, sha256 } from '../canonical.ts';
import { messageOf } from '../errors.ts';
import type { NewPrediction } from '../store/predictions.ts';
import { canonicalChat, chatIn, type Field, type TaskRules } from '../tasks/index.ts';
import { checker, jsonProblem, textProblem, timeProblem } from './check.ts';
import { FeedbackInputSchema, ImportRowSchema, PredictionInputSchema } from './schema.ts';
import { unknownModel } from './write.ts';

/** A row that is ready for its transaction. `size` is about its length in memory, in characters. */
export interface Parsed<Row> {
  readonly model: string;
  readonly row: Row;
  readonly size: number;
}

export interface ParsedFeedback {
  readonly id: string;
  readonly predictionId: string;
  /** The canonical truth; null where only a score is known. */
  readonly label: string | null;
  readonly score: number | null;
  /** Its prediction was chosen for its answer. */
  readonly chosen: boolean;
}

export interface ParsedLabel {
  readonly id: string;
  readonly text: string;
  /** The canonical truth. */
  readonly label: string;
  readonly segment: string | null;
  /** null: when it arrives */
  readonly labelledAt: Date | null;
}

/** The rules of a model that is registered; null of any other. */
export type RulesOf = (model: string) => TaskRules | null;

const checkPrediction = checker(PredictionInputSchema);
const checkFeedback = checker(FeedbackInputSchema);
const checkImport = checker(ImportRowSchema);

/** The prediction, or the reason for refusing it. */
export function parsePrediction(input: unknown, rulesOf: RulesOf): Parsed<NewPrediction> | string {
  const valid = checkPrediction(input);
  if (typeof valid === 'string') return valid;
  const rules = rulesOf(valid.model);
  if (rules === null) return unknownModel(valid.model).refused;
  const { id, confidence, scores, features, segment, adapter, occurredAt } = valid;
  const text = inputOf(valid, 'input', rules);
  if (typeof text !== 'string') return text.refused;
  const problem = textProblem({ id, input: text, segment, adapter }) ?? timeProblem('occurredAt', occurredAt)
    ?? jsonProblem('scores', scores) ?? jsonProblem('features', features);
  if (problem !== null) return problem;
  const answer = said(valid, ANSWERS, rules.answerField, (value) => rules.parseAnswer(value, text));
  if (typeof answer !== 'string') return answer.refused;
  const row: NewPrediction = {
    id,
    input: text,
    label: answer,
    confidence: confidence ?? null,
    scores: scores === undefined ? null : JSON.stringify(scores),
    features: features === undefined ? null : JSON.stringify(features),
    values: features ?? null,
    segment: segment ?? null,
    adapter: adapter ?? null,
    occurredAt: occurredAt === undefined ? null : new Date(occurredAt).toISOString(),
  };
  return { model: valid.model, row, size: text.length + answer.length + (row.scores?.length ?? 0) + (row.features?.length ?? 0) };
}

/** The feedback, or the reason for refusing it. */
export function parseFeedback(input: unknown, rulesOf: RulesOf): Parsed<ParsedFeedback> | string {
  const valid = checkFeedback(input);
  if (typeof valid === 'string') return valid;
  const rules = rulesOf(valid.model);
  if (rules === null) return unknownModel(valid.model).refused;
  const { predictionId, score, thumbs } = valid;
  const problem = textProblem({ predictionId, id: valid.id });
  if (problem !== null) return problem;
  const given = [...TRUTHS, 'score', 'thumbs'].filter((name) => valid[name as keyof typeof valid] !== undefined);
  if (given.length !== 1) return `exactly one of ${rules.truthField}, score and thumbs is needed, not ${given.length === 0 ? 'none' : given.join(' and ')}`;
  const worth = score ?? (thumbs === undefined ? null : thumbs === 'up' ? 1 : 0);
  const truth = worth === null ? said(valid, TRUTHS, rules.truthField, (value) => rules.parseTruth(value)) : null;
  if (typeof truth === 'object' && truth !== null) return truth.refused;
  const id = valid.id ?? sha256(canonicalJson([predictionId, truth ?? { score: worth }]));
  return { model: valid.model, row: { id, predictionId, label: truth, score: worth, chosen: valid.chosen ?? false }, size: truth?.length ?? 1 };
}

/** The labelled row of an import into `model`, or the reason for refusing it. */
export function parseImport(model: string, input: unknown, rulesOf: RulesOf): Parsed<ParsedLabel> | string {
  const valid = checkImport(input);
  if (typeof valid === 'string') return valid;
  const rules = rulesOf(model);
  if (rules === null) return unknownModel(model).refused;
  const { segment, labelledAt } = valid;
  const text = inputOf(valid, 'text', rules);
  if (typeof text !== 'string') return text.refused;
  const problem = textProblem({ id: valid.id, text, segment }) ?? timeProblem('labelledAt', labelledAt);
  if (problem !== null) return problem;
  const truth = said(valid, TRUTHS, rules.truthField, (value) => rules.parseTruth(value, text));
  if (typeof truth !== 'string') return truth.refused;
  const row = { id: valid.id ?? sha256(text), text, label: truth, segment: segment ?? null, labelledAt: labelledAt === undefined ? null : new Date(labelledAt) };
  return { model, row, size: text.length + truth.length };
}

/** The id that a row names, valid or not, so that whoever sent it can find it. */
export function idOf(input: unknown): string | null {
  const id: unknown = typeof input === 'object' && input !== null && 'id' in input ? input.id : null;
  return typeof id === 'string' ? id.slice(0, 200) : null;
}

const ANSWERS = ['label', 'labels', 'spans', 'ranking', 'output'] as const satisfies readonly Field[];
const TRUTHS = ['label', 'labels', 'spans', 'document', 'completion'] as const satisfies readonly Field[];

interface Refused {
  readonly refused: string;
}

/** What a row says in the one field that is its task's. */
function said<F extends Field>(row: { readonly [K in F]?: unknown }, fields: readonly F[], own: Field, parse: (value: unknown) => string): string | Refused {
  for (const field of fields) {
    if (field !== own && row[field] !== undefined) return { refused: `${field} is not of this model's task: it takes ${own}` };
  }
  const value = row[own as F];
  if (value === undefined) return { refused: `the row must have required properties ${own}` };
  try {
    return parse(value);
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

/** The text that a row is about: its own, or its chat as one. */
function inputOf<N extends 'input' | 'text'>(row: { readonly [K in N]?: string } & { readonly messages?: unknown; readonly tools?: unknown }, name: N, rules: TaskRules): string | Refused {
  const text = row[name];
  if (row.tools !== undefined && rules.task !== 'generation') return { refused: `tools are not of this model's task: it takes ${name}` };
  if (row.messages === undefined) {
    if (row.tools !== undefined) return { refused: 'tools are for a chat; send them beside messages' };
    // stored, it could not be told from the chat
    if (text !== undefined && rules.task === 'generation' && chatIn(text) !== null) return { refused: `${name} is a chat written as text; send it as messages` };
    return text ?? { refused: `the row must have required properties ${name}` };
  }
  if (rules.task !== 'generation') return { refused: `messages are not of this model's task: it takes ${name}` };
  if (text !== undefined) return { refused: `it has both ${name} and messages; send one of them` };
  try {
    return canonicalChat(row);
  } catch (error) {
    return { refused: messageOf(error) };
  }
}
