/** Classification with any number of labels: truth and answer are a JSON array of them, sorted by code unit, each once. */
import { bad, f1, listOf, MAX_LABEL, mostFrequent, textOf, unknownMetric } from './check.ts';
import type { TaskRules } from './rules.ts';

const METRICS = ['f1', 'jaccard', 'exact'] as const;
const MOST = 100;

/** The canonical form. @throws TrimtabError `bad-data` */
export function canonicalLabels(value: unknown): string {
  const list = listOf(value, 'labels', 'send the list of the labels that hold, [] for none', MOST).map((each, i) => textOf(each, `labels[${i}]`, MAX_LABEL));
  return JSON.stringify([...new Set(list)].sort());
}

const labelsOf = (canonical: string) => JSON.parse(canonical) as string[];

export const multiLabel: TaskRules = {
  task: 'classification',
  labelling: 'multi',
  truthField: 'labels',
  answerField: 'labels',
  metrics: METRICS,
  binary: ['exact'],
  parseTruth: canonicalLabels,
  parseAnswer: canonicalLabels,
  score(truth, answer, metric) {
    if (metric === 'exact') return truth === answer ? 1 : 0;
    const [right, given] = [new Set(labelsOf(truth)), labelsOf(answer)];
    const shared = given.filter((label) => right.has(label)).length;
    if (metric === 'f1') return f1(shared, right.size, given.length);
    const either = right.size + given.length - shared;
    if (metric === 'jaccard') return either === 0 ? 1 : shared / either;
    throw unknownMetric(metric, METRICS);
  },
  misfit: () => null,
  groupOf: (truth) => truth,
  isMalformed: () => null,
  toJobRow: ({ label, ...row }) => ({ ...row, labels: labelsOf(label) }),
  fromPrediction({ labels }) {
    if (labels === undefined) throw bad('prediction', 'it has no labels', 'a multi-label classification answers {id, labels}');
    return canonicalLabels(labels);
  },
  answerValue: labelsOf,
  truthValue: labelsOf,
  labelsIn: labelsOf,
  trivial: mostFrequent,
};
