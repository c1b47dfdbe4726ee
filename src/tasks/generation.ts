/** Generation: truth and answer are the completion's text. The input is a text, or a chat as canonical JSON of its messages. */
import { bad, kindOf, listOf, MAX_ANSWER, mostFrequent, textOf, unknownMetric } from './check.ts';
import type { Message } from '../vocabulary.ts';
import type { JobRow, TaskRules } from './rules.ts';

const METRICS = ['exact', 'json'] as const;
const MOST_MESSAGES = 1_000;
const RIGHT = 'send a list of {role, content}, an assistant\'s with tool_calls if it calls, a tool\'s with tool_call_id or name';
const MOST_CALLS = 100;
const OPTIONAL = new Set(['tool_calls', 'tool_call_id', 'name']);

/** A chat as one text, to be stored as the input of a row. @throws TrimtabError `bad-data` */
export function canonicalMessages(value: unknown): string {
  const list = listOf(value, 'messages', RIGHT, MOST_MESSAGES);
  if (list.length === 0) throw bad('messages', 'there are none', RIGHT);
  return JSON.stringify(list.map((each, i) => messageOf(each, `messages[${i}]`)));
}

function messageOf(value: unknown, at: string): Message {
  if (typeof value !== 'object' || value === null) throw bad(at, `it is ${kindOf(value)}`, RIGHT);
  const { role, content, tool_calls: calls, tool_call_id: call, name, ...rest } = value as Record<string, unknown>;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw bad(at, `there is no field "${extra}"`, RIGHT);
  return {
    role: textOf(role, `${at}.role`, 100),
    content: content === null && calls !== undefined ? null : textOf(content, `${at}.content`, MAX_ANSWER, 0),
    ...(calls === undefined ? {} : { tool_calls: listOf(calls, `${at}.tool_calls`, RIGHT, MOST_CALLS).map((each, i) => callOf(each, `${at}.tool_calls[${i}]`)) }),
    ...(call === undefined ? {} : { tool_call_id: textOf(call, `${at}.tool_call_id`, 200) }),
    ...(name === undefined ? {} : { name: textOf(name, `${at}.name`, 200) }),
  };
}

/** Templates differ in what they read of a call: it is kept whole. */
function callOf(value: unknown, at: string): object {
  if (!isObject(value)) throw bad(at, `it is ${kindOf(value)}`, 'a call is {type: "function", function: {name, arguments}}');
  textOf(JSON.stringify(value), at, MAX_ANSWER);
  return value;
}

/** The messages of an input that `canonicalMessages` made; null of any other text. */
export function messagesIn(text: string): readonly Message[] | null {
  if (!text.startsWith('[{"role":')) return null;
  const value = jsonOf(text);
  const isChat = Array.isArray(value) && value.length > 0 && value.every((each: unknown) => {
    const { role, content, ...rest } = (each ?? {}) as Record<string, unknown>;
    return typeof role === 'string' && (typeof content === 'string' || content === null) && Object.keys(rest).every((name) => OPTIONAL.has(name));
  });
  return isChat ? (value as Message[]) : null;
}

/** The value of a JSON text; undefined of any other. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

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

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

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
    const messages = messagesIn(text);
    return messages === null ? { ...row, text, completion: label } : { ...row, messages, completion: label };
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
