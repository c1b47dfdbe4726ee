/** From an unknown row to one that can be written, or to the reason why not. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { canonicalJson, sha256 } from '../canonical.ts';
import type { NewPrediction } from '../store/predictions.ts';
import { FeedbackInputSchema, ImportRowSchema, MAX_JSON, PredictionInputSchema } from './schema.ts';

/** A row that is ready for its transaction. `size` is about its length in memory, in characters. */
export interface Parsed<Row> {
  readonly model: string;
  readonly row: Row;
  readonly size: number;
}

export interface ParsedFeedback {
  readonly id: string;
  readonly predictionId: string;
  readonly label: string;
}

export interface ParsedLabel {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly segment: string | null;
  /** null: when it arrives */
  readonly labelledAt: Date | null;
}

const checkPrediction = checker(PredictionInputSchema);
const checkFeedback = checker(FeedbackInputSchema);
const checkImport = checker(ImportRowSchema);

/** The prediction, or the reason for refusing it. */
export function parsePrediction(input: unknown): Parsed<NewPrediction> | string {
  const valid = checkPrediction(input);
  if (typeof valid === 'string') return valid;
  const { id, label, confidence, scores, features, segment, adapter, occurredAt } = valid;
  const problem = textProblem({ id, input: valid.input, label, segment, adapter }) ?? timeProblem('occurredAt', occurredAt)
    ?? jsonProblem('scores', scores) ?? jsonProblem('features', features);
  if (problem !== null) return problem;
  const row: NewPrediction = {
    id,
    input: valid.input,
    label,
    confidence: confidence ?? null,
    scores: scores === undefined ? null : JSON.stringify(scores),
    features: features === undefined ? null : JSON.stringify(features),
    segment: segment ?? null,
    adapter: adapter ?? null,
    occurredAt: occurredAt === undefined ? null : new Date(occurredAt).toISOString(),
  };
  return { model: valid.model, row, size: valid.input.length + (row.scores?.length ?? 0) + (row.features?.length ?? 0) };
}

/** The feedback, or the reason for refusing it. */
export function parseFeedback(input: unknown): Parsed<ParsedFeedback> | string {
  const valid = checkFeedback(input);
  if (typeof valid === 'string') return valid;
  const { predictionId, label } = valid;
  const problem = textProblem({ predictionId, label, id: valid.id });
  if (problem !== null) return problem;
  const id = valid.id ?? sha256(canonicalJson([predictionId, label]));
  return { model: valid.model, row: { id, predictionId, label }, size: label.length };
}

/** The labelled row of an import into `model`, or the reason for refusing it. */
export function parseImport(model: string, input: unknown): Parsed<ParsedLabel> | string {
  const valid = checkImport(input);
  if (typeof valid === 'string') return valid;
  const { text, label, segment, labelledAt } = valid;
  const problem = textProblem({ id: valid.id, text, label, segment }) ?? timeProblem('labelledAt', labelledAt);
  if (problem !== null) return problem;
  const row = { id: valid.id ?? sha256(text), text, label, segment: segment ?? null, labelledAt: labelledAt === undefined ? null : new Date(labelledAt) };
  return { model, row, size: text.length };
}

/** The id that a row names, valid or not, so that whoever sent it can find it. */
export function idOf(input: unknown): string | null {
  const id: unknown = typeof input === 'object' && input !== null && 'id' in input ? input.id : null;
  return typeof id === 'string' ? id.slice(0, 200) : null;
}

function checker<T extends TSchema>(schema: T): (input: unknown) => Static<T> | string {
  const validator = Compile(schema);
  return (input) => {
    if (validator.Check(input)) return input as Static<T>;
    const [first, ...rest] = validator.Errors(input);
    // a false branch of additionalProperties says only "schema is false"; the next error names the field
    const error = first?.keyword === 'boolean' ? (rest[0] ?? first) : first;
    if (error === undefined) return 'the row is not valid';
    if (error.keyword === 'additionalProperties') {
      return `there is no field "${String(error.params.additionalProperties[0])}"; the fields are ${Object.keys((schema as { properties?: object }).properties ?? {}).join(', ')}`;
    }
    return `${error.instancePath === '' ? 'the row' : error.instancePath.slice(1).replaceAll('/', '.')} ${error.message}`;
  };
}

/** PostgreSQL stores neither; replacing them would store what was not sent. */
function textProblem(fields: Readonly<Record<string, string | undefined>>): string | null {
  for (const name in fields) {
    const text = fields[name];
    if (text === undefined) continue;
    if (text.includes('\0')) return `${name} has the character U+0000, which cannot be stored; remove it`;
    if (!text.isWellFormed()) return `${name} has half a surrogate pair, which is no character; send whole characters`;
  }
  return null;
}

const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** JavaScript takes 30 February for 2 March, and years that PostgreSQL writes in another way: one such row would fail its whole batch. */
function timeProblem(name: string, time: string | undefined): string | null {
  if (time === undefined) return null;
  const [date, at] = [time.slice(0, 10), Date.parse(time)];
  const day = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(at) || Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return `${name} is no time of the calendar: ${time}`;
  return at >= 0 && at <= LAST_TIME ? null : `${name} must be a time from 1970 to 9999, not ${time}`;
}

function jsonProblem(name: string, value: Readonly<Record<string, unknown>> | undefined): string | null {
  if (value === undefined) return null;
  if (JSON.stringify(value).length > MAX_JSON) return `${name} is longer than ${MAX_JSON} characters as JSON`;
  for (const [key, member] of Object.entries(value)) {
    const problem = textProblem({ [`the name of a member of ${name}`]: key, [`${name}.${key}`]: typeof member === 'string' ? member : undefined });
    if (problem !== null) return problem;
  }
  return null;
}
