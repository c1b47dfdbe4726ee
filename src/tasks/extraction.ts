/** Extraction: truth and answer are the spans of a text, JSON `[{"start":0,"end":4,"label":"artist"}]`, sorted, not overlapping. */
import { bad, f1, kindOf, listOf, MAX_LABEL, textOf, unknownMetric } from './check.ts';
import type { Span, TaskRules } from './rules.ts';

const METRICS = ['spanF1', 'exact'] as const;
const MOST = 1_000;
const RIGHT = 'a span is {start, end, label}: offsets in UTF-16 units as JavaScript counts them, end exclusive';

/** The canonical form; with the text also within it. @throws TrimtabError `bad-data` */
export function canonicalSpans(value: unknown, text?: string): string {
  const spans = listOf(value, 'spans', `send a list of spans, [] for none; ${RIGHT}`, MOST).map((each, i) => spanOf(each, `spans[${i}]`));
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  spans.forEach((span, i) => {
    const before = spans[i - 1];
    if (before !== undefined && before.end > span.start) {
      throw bad('spans', `${before.start}-${before.end} and ${span.start}-${span.end} overlap`, 'each character belongs to one span at most');
    }
  });
  const problem = text === undefined ? null : beyond(spans, text);
  if (problem !== null) throw bad('spans', problem, RIGHT);
  return JSON.stringify(spans);
}

function beyond(spans: readonly Span[], text: string): string | null {
  const last = spans.at(-1);
  return last === undefined || last.end <= text.length ? null : `end ${last.end} is beyond the text's ${text.length} characters`;
}

function spanOf(value: unknown, what: string): Span {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(what, `it is ${kindOf(value)}`, RIGHT);
  const { start, end, label, ...rest } = value as Record<string, unknown>;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw bad(what, `there is no field "${extra}"`, RIGHT);
  if (!isOffset(start) || !isOffset(end)) throw bad(what, `start ${String(start)} and end ${String(end)} are no offsets`, RIGHT);
  if (start >= end) throw bad(what, `start ${start} is not before end ${end}`, RIGHT);
  return { start, end, label: textOf(label, `${what}.label`, MAX_LABEL) };
}

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const spansIn = (canonical: string) => JSON.parse(canonical) as Span[];
const keyOf = ({ start, end, label }: Span) => `${start} ${end} ${label}`;

export const extraction: TaskRules = {
  task: 'extraction',
  labelling: 'single',
  truthField: 'spans',
  answerField: 'spans',
  metrics: METRICS,
  binary: ['exact'],
  parseTruth: canonicalSpans,
  parseAnswer: canonicalSpans,
  score(truth, answer, metric) {
    if (metric === 'exact') return truth === answer ? 1 : 0;
    if (metric !== 'spanF1') throw unknownMetric(metric, METRICS);
    // a span counts when start, end and label are right (CoNLL-2003's rule, a row at a time)
    const [right, given] = [new Set(spansIn(truth).map(keyOf)), spansIn(answer).map(keyOf)];
    return f1(given.filter((key) => right.has(key)).length, right.size, given.length);
  },
  misfit: (truth, text) => beyond(spansIn(truth), text),
  // offsets differ from text to text: rows with the same kinds of spans in the same order say the same
  groupOf: (truth) => JSON.stringify(spansIn(truth).map((span) => span.label)),
  isMalformed: () => null,
  toJobRow: ({ label, ...row }) => ({ ...row, spans: spansIn(label) }),
  fromPrediction({ spans }) {
    if (spans === undefined) throw bad('prediction', 'it has no spans', 'an extraction answers {id, spans}');
    return canonicalSpans(spans);
  },
  answerValue: spansIn,
  truthValue: spansIn,
  labelsIn: (canonical) => spansIn(canonical).map((span) => span.label),
  trivial: (truths) => (truths.length === 0 ? null : '[]'),
};
