/**
 * Bins of confidence that never move: the same for every adapter and time, so that the counts of a database, of an exam and of
 * a simulation can be held against each other and added up. Their edges are a quarter apart on the scale log(c / (1 - c)),
 * close where confidences crowd; with the mean confidence of each bin beside its count hardly anything is lost.
 */

/** 49 edges: 50 bins. */
export const CONFIDENCE_EDGES: readonly number[] = Array.from({ length: 49 }, (_, i) => 1 / (1 + Math.exp(6 - i / 4)));
/** The bin of rows without a confidence. */
export const NO_CONFIDENCE = -1;

/** How many edges are at most the confidence: what PostgreSQL's width_bucket answers. */
export function confidenceBin(confidence: number | null): number {
  if (confidence === null) return NO_CONFIDENCE;
  let [low, high] = [0, CONFIDENCE_EDGES.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (confidence >= (CONFIDENCE_EDGES[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of one bin: how many, and the sum of their confidences. */
export interface BinCount {
  readonly bin: number;
  readonly n: number;
  readonly confidence: number;
}

/** Rows whose score is known: also the sums of their scores and squared scores. */
export interface ScoredBin extends BinCount {
  readonly score: number;
  readonly squares: number;
}

/** Counts scored rows by bin, in order of the bins; empty ones are left out. */
export function binScores(rows: Iterable<{ readonly confidence: number | null; readonly score: number }>): ScoredBin[] {
  const bins = new Map<number, { bin: number; n: number; confidence: number; score: number; squares: number }>();
  for (const { confidence, score } of rows) {
    const bin = confidenceBin(confidence);
    let sum = bins.get(bin);
    if (sum === undefined) bins.set(bin, (sum = { bin, n: 0, confidence: 0, score: 0, squares: 0 }));
    sum.n++;
    sum.confidence += confidence ?? 0;
    sum.score += score;
    sum.squares += score * score;
  }
  return [...bins.values()].sort((a, b) => a.bin - b.bin);
}
