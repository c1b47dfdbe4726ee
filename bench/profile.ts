/** The profile's hot path: nanoseconds a value, and bytes allocated for it. */
import { observeLabel } from '../src/profile/labels.ts';
import { emptyProfile } from '../src/profile/profile.ts';
import { buildReference, type ReferenceBody } from '../src/profile/layout.ts';
import { observeNumber } from '../src/profile/numeric.ts';
import { encodeProfile, observePrediction } from '../src/profile/index.ts';
import { seededUniform } from '../src/statistics/random.ts';
import { categoryLayout, emptyCategory, observeCategory } from '../src/profile/columns/category.ts';
import { emptyNumber, numberLayout, observeNumber as observeColumnNumber } from '../src/profile/columns/number.ts';
import { emptyText, observeText, textLayout } from '../src/profile/columns/text.ts';
import { emptyVector, observeVector, vectorLayout } from '../src/profile/columns/vector.ts';
import type { BenchRow } from './row.ts';

/** Short, so that on a busy machine some rounds run undisturbed. */
const ROUND = 2 ** 17;
const ROUNDS = 60;

function reference(): ReferenceBody {
  const rows = Array.from({ length: 5_000 }, (_, i) => ({
    id: String(i), text: `how do i change the limit of card ${i % 97} today`, label: `label-${(i * i) % 64}`, trueLabel: `label-${i % 64}`,
    // skewed as a classifier's confidences are, so that many edges share a cell
    confidence: 1 - ((i * 7919) % 5_000 / 5_000) ** 3 * 0.6,
  }));
  return buildReference({ model: 'bench', adapter: 'bench--v1', createdAt: '2026-01-01T00:00:00Z', trainTexts: rows.map((row) => row.text), rows });
}

/** Best of the rounds after warming up (sums must have outgrown small integers); bytes a value over all of them. */
function measure(work: (i: number) => void, perRound: number): { ns: number; bytes: number } {
  const round = () => {
    for (let i = 0; i < perRound; i++) work(i);
  };
  for (let warm = 0; warm < 60; warm++) round();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let best = Infinity;
  for (let r = 0; r < ROUNDS; r++) {
    const start = process.hrtime.bigint();
    round();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return { ns: best / perRound, bytes: Math.max(0, process.memoryUsage().heapUsed - before) / (ROUNDS * perRound) };
}

const time = (name: string, ns: number, goal: number) => ({ name, figure: Number(ns.toFixed(1)), unit: 'ns', goal: `${goal} or fewer`, reached: ns <= goal });
const space = (name: string, bytes: number) => ({ name, figure: Number(bytes.toFixed(3)), unit: 'bytes', goal: 'below 1 (an object has 16)', reached: bytes < 1 });

/** Bytes of a pane of 2,000 texts, of words that are as unequally frequent as words are (Zipf). */
function storedTexts(): number {
  const uniform = seededUniform(1);
  const word = () => `w${Math.floor(5_000 ** uniform())}`;
  const texts = Array.from({ length: 2_000 }, (_, i) => ({ id: String(i), text: Array.from({ length: 10 }, word).join(' '), label: 'a', trueLabel: 'a', confidence: 0.5 }));
  return encodeProfile(buildReference({ model: 'bench', adapter: 'bench--v1', createdAt: '2026-01-01T00:00:00Z', trainTexts: [], rows: texts }).profile).length;
}

/** Columns of features: values of any range and skewed, categories of which a few are unseen, embeddings, texts of ten words. */
function columnRows(): BenchRow[] {
  const skewed = Float64Array.from({ length: 4096 }, (_, i) => Math.exp(3 * Math.sin((i * 7919) % 4096)) * 100);
  const numbers = numberLayout([...skewed]);
  const number = emptyNumber(numbers.edges.length);
  const names = Array.from({ length: 4096 }, (_, i) => `value-${(i * i) % 251}`);
  const categories = categoryLayout([...new Set(names)].slice(0, -1));
  const category = emptyCategory(categories.values.length);
  const embeddings = Array.from({ length: 256 }, (_, i) => Array.from({ length: 384 }, (_each, j) => Math.sin(i * 31 + j * 7)));
  const vectors = vectorLayout(embeddings, 384);
  const vector = emptyVector(vectors);
  const sentences = Array.from({ length: 4096 }, (_, i) => `how can i raise the limit of my card number ${i}`);
  const texts = textLayout(sentences, false);
  const text = emptyText(texts);
  const ofNumber = measure((i) => observeColumnNumber(number, numbers, skewed[i & 4095]), ROUND);
  const ofCategory = measure((i) => observeCategory(category, categories, names[i & 4095]), ROUND);
  const ofVector = measure((i) => observeVector(vector, vectors, embeddings[i & 255]), ROUND / 64);
  const ofText = measure((i) => observeText(text, texts, sentences[i & 4095], i & 15), ROUND / 8);
  const bytes = number.bins.byteLength + 8 * 8;
  return [
    { name: 'profile, a numeric column of features and pane', figure: bytes, unit: 'bytes', goal: '4096 or fewer', reached: bytes <= 4_096 },
    time('profile, a numeric value of any range', ofNumber.ns, 60),
    space('profile, a numeric value of any range, allocated', ofNumber.bytes),
    time('profile, a category of 251, one of them unseen', ofCategory.ns, 40),
    space('profile, a category of 251, allocated', ofCategory.bytes),
    time('profile, a vector of 384 numbers', ofVector.ns, 6_000),
    // fewer rounds: what the machine allocates for itself is more for each
    { name: 'profile, a vector of 384 numbers, allocated', figure: Number(ofVector.bytes.toFixed(3)), unit: 'bytes', goal: 'below 64 (a copy of it has 3,072)', reached: ofVector.bytes < 64 },
    { name: 'profile, stored, of 2,000 texts of ten words', figure: storedTexts(), unit: 'bytes', goal: 'none', reached: true },
    { name: 'profile, a text of ten words: sketches and descriptors', figure: Math.round(ofText.ns), unit: 'ns', goal: 'none', reached: true },
  ];
}

export function hotPathRows(): BenchRow[] {
  const body = reference();
  const profile = emptyProfile(body);
  const values = Float64Array.from({ length: 4096 }, (_, i) => 1 - ((i * 7919) % 4096 / 4096) ** 3 * 0.6);
  const labels = Array.from({ length: 4096 }, (_, i) => `label-${(i * 31) % 66}`);
  const rows = Array.from({ length: 4096 }, (_, i) => ({ text: `how can i raise the limit of my card number ${i}`, label: labels[i] as string, confidence: values[i] as number }));
  const numeric = measure((i) => observeNumber(profile.confidence, body.index.bins, values[i & 4095] as number), ROUND);
  const category = measure((i) => observeLabel(profile.labels, body.index.labels, labels[i & 4095] as string), ROUND);
  const row = measure((i) => observePrediction(profile, body, rows[i & 4095] as (typeof rows)[number]), ROUND / 8);
  const bytes = profile.confidence.bins.byteLength + 5 * 8;
  return [
    { name: 'profile, a numeric column of a pane', figure: bytes, unit: 'bytes', goal: '4096 or fewer', reached: bytes <= 4_096 },
    time('profile, a numeric value', numeric.ns, 60),
    space('profile, a numeric value, allocated', numeric.bytes),
    time('profile, a category', category.ns, 40),
    space('profile, a category, allocated', category.bytes),
    ...columnRows(),
    { name: 'profile, a whole prediction with a text of ten words', figure: Math.round(row.ns), unit: 'ns', goal: 'none', reached: true },
  ];
}
