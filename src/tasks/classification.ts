/** Classification with one label: truth and answer are the label itself. */
import { bad, MAX_LABEL, mostFrequent, textOf, unknownMetric } from './check.ts';
import type { TaskRules } from './rules.ts';

const METRICS = ['accuracy'] as const;
const label = (value: unknown): string => textOf(value, 'label', MAX_LABEL);

export const classification: TaskRules = {
  task: 'classification',
  labelling: 'single',
  truthField: 'label',
  answerField: 'label',
  metrics: METRICS,
  binary: METRICS,
  parseTruth: label,
  parseAnswer: label,
  score(truth, answer, metric) {
    // a label that an adapter does not know is its error: it can only answer another one
    if (metric === 'accuracy') return truth === answer ? 1 : 0;
    throw unknownMetric(metric, METRICS);
  },
  misfit: () => null,
  groupOf: (truth) => truth,
  isMalformed: () => null,
  toJobRow: (row) => row,
  fromPrediction({ label: answered }) {
    if (answered === undefined) throw bad('prediction', 'it has no label', 'a classification answers {id, label}');
    return answered;
  },
  answerValue: (answer) => answer,
  truthValue: (truth) => truth,
  labelsIn: (canonical) => [canonical],
  trivial: mostFrequent,
};
