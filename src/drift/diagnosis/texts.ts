/** Texts as hashed words and pairs of words, and by which of them a classifier tells texts since a change from those before it. */
import { hashText } from '../../profile/index.ts';
import type { Interval } from '../../statistics/intervals.ts';
import { domainClassifier, hashedFeatures, type Features } from '../../statistics/window/index.ts';
import { ngramsOf } from '../moved-texts.ts';

export interface DiagnosedTexts {
  /** The chance that the classifier finds a text since the change more like those than one from before, on texts that it was not trained on: 0.5 where there is nothing to tell. */
  readonly auc: number;
  readonly interval: readonly [number, number];
  /** What speaks for a text since the change, and, negative, for one before it: the loudest first, those of a fifth of its weight or more. */
  readonly ngrams: readonly { readonly ngram: string; readonly weight: number }[];
}

/** Of the loudest: below, a weight is what chance left. */
const HEARD = 0.2;
/** Buckets of n-grams. */
export const DIMS = 4_096;
const FEWEST = 30;

export function featuresOfText(text: string): Features {
  return hashedFeatures(Array.from(ngramsOf(text), hashText), DIMS);
}

/** Null where a side has fewer than 30 texts. */
export function domainsOf(before: readonly string[], since: readonly string[]): DiagnosedTexts | null {
  if (Math.min(before.length, since.length) < FEWEST) return null;
  const { effect, interval, weights } = domainClassifier(before.map(featuresOfText), since.map(featuresOfText), DIMS);
  const names = namesOf([...before, ...since]);
  const loudest = Math.abs(weights[0]?.weight ?? 0);
  return {
    auc: effect, interval: within(interval),
    ngrams: weights.flatMap(({ feature, weight }) => {
      const name = names.get(feature);
      return name === undefined || Math.abs(weight) < HEARD * loudest ? [] : [{ ngram: name.ngram, weight: weight * name.sign }];
    }),
  };
}

const within = ({ low, high }: Interval) => [low, high] as const;

/** Of each bucket the n-gram that most texts have, and its sign there. */
function namesOf(texts: readonly string[]): Map<number, { readonly ngram: string; readonly sign: 1 | -1 }> {
  const times = new Map<string, number>();
  for (const text of texts) for (const ngram of ngramsOf(text)) times.set(ngram, (times.get(ngram) ?? 0) + 1);
  const names = new Map<number, { ngram: string; sign: 1 | -1; times: number }>();
  for (const [ngram, count] of times) {
    const hash = hashText(ngram);
    const at = hash & (DIMS - 1);
    if (count > (names.get(at)?.times ?? 0)) names.set(at, { ngram, sign: hash >>> 31 === 0 ? 1 : -1, times: count });
  }
  return names;
}
