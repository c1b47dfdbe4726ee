/** Generation: truth and answer are the completion's text; the input is a text or a chat (chat.ts). */
import { bad, isObject, jsonOf, mostFrequent, MAX_ANSWER, textOf, unknownMetric } from './check.ts';
import { chatIn } from './chat.ts';
import type { JobRow, TaskRules } from './rules.ts';

const METRICS = ['exact', 'json'] as const;

/** White space is no part of an answer: models differ in it and nobody minds. */
const plain = (text: string) => text.replace(/\s+/gu, ' ').trim();

/**
 * Share of the fields, of either object, that are equal in both; 0 when the output is no JSON. Of other JSON values: equal or not.
 * A truth that is no JSON is compared as text: the rows of a task need not all be of one form.
 */
function jsonMatch(truth: string, answer: string): number {
  const [right, given] = [jsonOf(truth), jsonOf(answer)];
  if (right === undefined) return plain(truth) === plain(answer) ? 1 : 0;
  if (given === undefined) return 0;
  if (!isObject(right) || !isObject(given)) return sorted(right) === sorted(given) ? 1 : 0;
  const names = new Set([...Object.keys(right), ...Object.keys(given)]);
  if (names.size === 0) return 1;
  const equal = [...names].filter((name) => Object.hasOwn(right, name) && Object.hasOwn(given, name) && sorted(right[name]) === sorted(given[name]));
  return equal.length / names.size;
}

/** JSON with the members of objects in order of their names: they have none of their own. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (isObject(each) ? Object.fromEntries(Object.keys(each).sort().map((name) => [name, each[name]])) : each));
}

export const generation: TaskRules = {
  task: 'generation',
  labelling: 'single',
  truthField: 'completion',
  answerField: 'output',
  metrics: METRICS,
  binary: ['exact'],
  parseTruth: (value) => textOf(value, 'completion', MAX_ANSWER),
  // an empty output is an answer, a bad one
  parseAnswer: (value) => textOf(value, 'output', MAX_ANSWER, 0),
  score(truth, answer, metric) {
    if (metric === 'exact') return plain(truth) === plain(answer) ? 1 : 0;
    if (metric === 'json') return jsonMatch(truth, answer);
    throw unknownMetric(metric, METRICS);
  },
  misfit: () => null,
  groupOf: (truth) => truth,
  isMalformed: (answer, metric) => plain(answer) === '' || (metric === 'json' && jsonOf(answer) === undefined),
  toJobRow({ text, label, ...row }): JobRow {
    return { ...row, ...(chatIn(text) ?? { text }), completion: label };
  },
  fromPrediction({ output }) {
    if (output === undefined) throw bad('prediction', 'it has no output', 'a generation answers {id, output}');
    return output;
  },
  answerValue: (answer) => answer,
  truthValue: (truth) => truth,
  labelsIn: () => null,
  trivial: mostFrequent,
};
