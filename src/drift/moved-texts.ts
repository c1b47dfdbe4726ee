/** The texts that moved: words and pairs of words whose share of the texts rose most since a change, and the texts that have them. */
import { differenceInterval, wilson, type Estimate } from '../statistics/intervals.ts';

export interface MovedTexts {
  /** Texts that were looked at since the change, and before it. */
  readonly rows: number;
  readonly before: number;
  /** Shares of the texts that have it; what rose most stands first. */
  readonly ngrams: readonly { readonly ngram: string; readonly share: number; readonly before: number }[];
  /** Share of the texts that have one of them. */
  readonly share: number;
  readonly shareBefore: number;
  /** Predictions whose texts have most of what rose: what a dataset may be made of. */
  readonly sampleIds: readonly string[];
}

export interface SampledText {
  readonly id: string;
  readonly text: string;
}

const TOP = 10;
const SAMPLES = 20;
/** Characters of a text that are looked at: documents would else hold the service up. */
const LOOKED_INTO = 500;
/** Of one n-gram. Thousands are looked at, and words of chance must not be shown as what moved. */
const LEVEL = 0.99999;

// scripts that are written without spaces give a word per character, as in the profiles
const UNSPACED = '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]';
const WORD = new RegExp(`${UNSPACED}|(?:(?!${UNSPACED})[\\p{L}\\p{M}\\p{N}])+`, 'gu');

/** Words of a text, and pairs of neighbours, each once. */
export function ngramsOf(text: string): Set<string> {
  const words = text.toLowerCase().normalize('NFC').match(WORD) ?? [];
  return new Set(words.flatMap((word, i) => (i === 0 ? [word] : [word, `${words[i - 1]} ${word}`])));
}

/** Null where nothing rose by more than chance, or one of the sides is empty. */
export function movedTexts(before: readonly SampledText[], since: readonly SampledText[]): MovedTexts | null {
  if (before.length === 0 || since.length === 0) return null;
  const [earlier, later] = [before, since].map((side) => side.map(({ text }) => ngramsOf(text.slice(0, LOOKED_INTO)))) as [Set<string>[], Set<string>[]];
  const [countsBefore, counts] = [timesOf(earlier), timesOf(later)];
  const [shareNow, shareThen] = [estimates(since.length), estimates(before.length)];
  const risen = [...counts]
    .flatMap(([ngram, hits]) => {
      const [now, then] = [shareNow(hits), shareThen(countsBefore.get(ngram) ?? 0)];
      const proven = now.mean > then.mean ? differenceInterval(now, then).low : 0;
      return proven > 0 ? [{ ngram, share: now.mean, before: then.mean, proven }] : [];
    })
    .sort((a, b) => b.proven - a.proven || (a.ngram < b.ngram ? -1 : 1))
    .slice(0, TOP);
  if (risen.length === 0) return null;
  const weightOf = (ngrams: Set<string>) => risen.reduce((sum, { ngram, proven }) => sum + (ngrams.has(ngram) ? proven : 0), 0);
  const shareOf = (texts: readonly Set<string>[]) => texts.filter((each) => weightOf(each) > 0).length / texts.length;
  const ranked = since.map(({ id }, i) => ({ id, weight: weightOf(later[i] as Set<string>) })).filter(({ weight }) => weight > 0);
  return {
    rows: since.length, before: before.length,
    ngrams: risen.map(({ proven: _, ...shown }) => shown),
    share: shareOf(later), shareBefore: shareOf(earlier),
    sampleIds: ranked.sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1)).slice(0, SAMPLES).map(({ id }) => id),
  };
}

/** Shares of n texts with their intervals, each made once: there are hundreds of thousands of n-grams, and few different counts of them. */
function estimates(n: number): (hits: number) => Estimate {
  const made: Estimate[] = [];
  return (hits) => (made[hits] ??= { mean: hits / n, ...wilson(hits, n, LEVEL) });
}

function timesOf(texts: readonly Set<string>[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const ngrams of texts) for (const ngram of ngrams) times.set(ngram, (times.get(ngram) ?? 0) + 1);
  return times;
}
