/**
 * Embedding search: the truth is the text of the right document; an answer is a JSON array of the digests of up to ten
 * documents, best first. Digests, since a document may be long and is the same in thousands of answers.
 */
import { createHash } from 'node:crypto';
import { bad, listOf, MAX_ANSWER, textOf, unknownMetric } from './check.ts';
import type { TaskRules } from './rules.ts';

const METRICS = ['nDCG@10', 'recall@1', 'recall@10'] as const;
/** Documents of an answer that are kept: the metrics see no further. */
export const RANKED = 10;
const MOST = 1_000;
const DIGEST = /^[0-9a-f]{16}$/;

/** The name of a document in answers: the first 16 hex digits of the sha256 of its UTF-8. */
export function documentDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function canonicalRanking(digests: readonly string[]): string {
  return JSON.stringify([...new Set(digests)].slice(0, RANKED));
}

const rankingIn = (canonical: string) => JSON.parse(canonical) as string[];

export const embedding: TaskRules = {
  task: 'embedding',
  labelling: 'single',
  truthField: 'document',
  answerField: 'ranking',
  metrics: METRICS,
  binary: ['recall@1', 'recall@10'],
  parseTruth: (value) => textOf(value, 'document', MAX_ANSWER),
  parseAnswer(value) {
    const list = listOf(value, 'ranking', 'send the texts of the documents, best first', MOST);
    return canonicalRanking(list.slice(0, RANKED).map((text, i) => documentDigest(textOf(text, `ranking[${i}]`, MAX_ANSWER))));
  },
  score(truth, answer, metric) {
    const rank = rankingIn(answer).indexOf(documentDigest(truth)) + 1;
    // one document is right, so the ideal gain is 1 and nDCG = 1 / log2(rank + 1) (Jarvelin and Kekalainen 2002)
    if (metric === 'nDCG@10') return rank === 0 ? 0 : 1 / Math.log2(rank + 1);
    if (metric === 'recall@1') return rank === 1 ? 1 : 0;
    if (metric === 'recall@10') return rank === 0 ? 0 : 1;
    throw unknownMetric(metric, METRICS);
  },
  misfit: () => null,
  groupOf: documentDigest,
  isMalformed: () => null,
  toJobRow: ({ label, ...row }) => ({ ...row, positive: label }),
  fromPrediction({ ranking }) {
    if (ranking === undefined || !ranking.every((digest) => DIGEST.test(digest))) throw bad('prediction', 'it has no ranking of digests', 'an embedding answers {id, ranking}, digests of 16 hex digits');
    return canonicalRanking(ranking);
  },
  answerValue: rankingIn,
  truthValue: (truth) => truth,
  labelsIn: () => null,
  trivial: () => null,
};
