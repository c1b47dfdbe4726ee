/**
 * Real streams in which something changes, in a form that our detectors and other people's both read. All numbers are in [0, 1].
 *
 * - Series of NAB with labelled windows: each value by its rank within the first 15 % of its series, which NAB lets a detector learn from.
 * - Staged texts: rows of one kind, then from `cut` on a mixture with another kind; each text also as the share of its n-grams that no train text has.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { random, shuffle } from '../../src/lora/random.ts';
import { unseenShare, vocabularyOf } from '../../src/profile/vocabulary.ts';

export interface Stream {
  readonly name: string;
  readonly group: string;
  readonly reference: readonly number[];
  readonly values: readonly number[];
  /** Where an alarm is right: from each first row to before the second. */
  readonly changes: readonly (readonly [number, number])[];
  /** Empty for series. */
  readonly referenceTexts: readonly string[];
  readonly texts: readonly string[];
}

/** NAB's own share. */
const LEARNT = 0.15;
const STAGE = { train: 1_500, reference: 1_000, before: 2_000, after: 2_000 } as const;

const readCsv = (file: string): Record<string, string>[] => {
  const bytes = readFileSync(file);
  return parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, { columns: true });
};

export function nabStreams(folder: string): Stream[] {
  const series = new Map<string, { value: number; anomaly: boolean }[]>();
  for (const row of readCsv(path.join(folder, 'nab_real_series.csv.gz'))) {
    const name = row['series'] ?? '';
    if (!series.has(name)) series.set(name, []);
    series.get(name)?.push({ value: Number(row['value']), anomaly: row['in_anomaly_window'] === '1' });
  }
  return [...series].map(([name, points]) => {
    const learnt = Math.floor(points.length * LEARNT);
    const sorted = points.slice(0, learnt).map(({ value }) => value).sort((a, b) => a - b);
    const ranks = points.map(({ value }) => rankOf(sorted, value));
    return { name, group: 'NAB series', reference: ranks.slice(0, learnt), values: ranks.slice(learnt), changes: windowsOf(points.slice(learnt).map(({ anomaly }) => anomaly)), referenceTexts: [], texts: [] };
  });
}

/** Middle of the ranks of equal values, so that a constant reference lies at 1/2. */
function rankOf(sorted: readonly number[], value: number): number {
  const below = (strict: boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (strict ? (sorted[middle] as number) < value : (sorted[middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (below(true) + below(false)) / 2 / sorted.length;
}

function windowsOf(anomaly: readonly boolean[]): [number, number][] {
  const windows: [number, number][] = [];
  anomaly.forEach((is, i) => {
    if (!is) return;
    if (anomaly[i - 1] === true) (windows.at(-1) as [number, number])[1] = i + 1;
    else windows.push([i, i + 1]);
  });
  return windows;
}

/** One dataset's texts of the first kind, and of the second; `share` of the rows after the change are of the second. */
interface Staged {
  readonly name: string;
  readonly old: readonly string[];
  readonly fresh: readonly string[];
  readonly share: number;
}

export function textStreams(folder: string, repeats: number): Stream[] {
  return stagedSets(folder).flatMap((set) => Array.from({ length: repeats }, (_, seed) => stagedStream(set, seed)));
}

function stagedSets(folder: string): Staged[] {
  const hwu = readCsv(path.join(folder, 'hwu64.csv')).map((row) => ({ text: row['text'] ?? '', kind: row['scenario'] ?? '' }));
  const scenarios = [...new Set(hwu.map(({ kind }) => kind))];
  const sentiment = readCsv(path.join(folder, 'sentiment_by_domain.csv.gz')).map((row) => ({ text: (row['text'] ?? '').slice(0, 2_000), kind: row['domain'] ?? '' }));
  const domains = [...new Set(sentiment.map(({ kind }) => kind))];
  const wnut = readFileSync(path.join(folder, 'wnut17.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { split: string; tokens: string[] });
  const of = (rows: readonly { text: string; kind: string }[], kinds: readonly string[]) => rows.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => text);
  const tweets = (split: (name: string) => boolean) => wnut.filter((row) => split(row.split)).map(({ tokens }) => tokens.join(' '));
  return [
    { name: 'hwu64: 30 % of rows of unseen scenarios', old: of(hwu, scenarios.slice(0, 12)), fresh: of(hwu, scenarios.slice(12)), share: 0.3 },
    { name: `sentiment: 30 % of rows of ${domains[1]} after ${domains[0]}`, old: of(sentiment, domains.slice(0, 1)), fresh: of(sentiment, domains.slice(1, 2)), share: 0.3 },
    { name: 'wnut17: all rows of later times and other sites', old: tweets((split) => split === 'train'), fresh: tweets((split) => split !== 'train'), share: 1 },
  ];
}

function stagedStream({ name, old, fresh, share }: Staged, seed: number): Stream {
  const uniform = random(seed, `drift-real ${name}`);
  const deal = (texts: readonly string[]) => [...shuffle(Int32Array.from(texts, (_, i) => i), uniform)].map((i) => texts[i] as string);
  const [mine, theirs] = [deal(old), deal(fresh)];
  // the smallest set has 3,394 rows of the first kind: all parts shrink alike, and after the change old rows come again
  const scale = Math.min(1, old.length / (STAGE.train + STAGE.reference + STAGE.before));
  const [train, reference, before] = [STAGE.train, STAGE.reference, STAGE.before].map((rows) => Math.floor(rows * scale)) as [number, number, number];
  const vocabulary = vocabularyOf(mine.slice(0, train));
  const referenceTexts = mine.slice(train, train + reference);
  const rest = mine.slice(train + reference);
  const calm = rest.slice(0, before);
  const after = Array.from({ length: STAGE.after }, (_, i) => (uniform() < share ? theirs[i % theirs.length] : rest[(before + i) % rest.length]) as string);
  const texts = [...calm, ...after];
  const shares = (rows: readonly string[]) => rows.map((text) => unseenShare(vocabulary, text));
  return { name, group: name, reference: shares(referenceTexts), values: shares(texts), changes: [[calm.length, texts.length]], referenceTexts, texts };
}
