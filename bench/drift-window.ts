/**
 * The level of every window test that gives a p-value, for samples of 30 to a million rows, and its power under stated shifts.
 * `node bench/drift-window.ts [--seconds S] [--repeats N] [--only NAME] [--texts FILE] [--json]`: each figure repeats until S seconds
 * of processor time (default 0.4) or N times (default 2,000) have passed, 100 times at least; `--only` picks the tests whose name contains NAME. `--texts` reads a CSV with a header, text in
 * the first column and its domain in the second, and measures how often a share of an unseen domain is found.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { eachNgram } from '../src/profile/ngrams.ts';
import { drawNormal, drawPoisson } from '../src/statistics/draw.ts';
import { normalQuantile } from '../src/statistics/normal.ts';
import { seededUniform } from '../src/statistics/random.ts';
import {
  balancedUnits, chiSquare, cramerVonMises, denseFeatures, errorSums, fourierFeatures, gTest, hashedFeatures, kolmogorovSmirnov, meanDiscrepancy, reconstructionShift, tableOf, totalVariation, unitOf,
  type Features, type WindowOptions, type WindowResult,
} from '../src/statistics/window/index.ts';
import type { BenchRow } from './row.ts';

const ALPHA = 0.05;
type Uniform = () => number;
type Test = (table: { reference: Float64Array; current: Float64Array }, options: WindowOptions) => WindowResult;

interface Limits {
  readonly seconds: number;
  readonly repeats: number;
}

/** A comparison of two fresh samples of n and m rows; with `shifted` the second has drifted. Gives the p-value. */
interface Subject {
  readonly name: string;
  readonly shift: string;
  readonly largest: number;
  readonly draw: (n: number, m: number, shifted: boolean, uniform: Uniform, seed: number) => number;
}

/** Shares of the bins that are equally likely under N(0, 1), under N(shift, 1). */
function shiftedBins(bins: number, shift: number): Float64Array {
  const edges = Array.from({ length: bins + 1 }, (_, i) => normalQuantile(i / bins));
  const below = edges.map((edge) => normalAt(edge - shift));
  return Float64Array.from({ length: bins }, (_, i) => (below[i + 1] as number) - (below[i] as number));
}

/** P(Z <= z), by the quantile's own bisection turned round: 1e-9 is plenty here. */
function normalAt(z: number): number {
  if (!Number.isFinite(z)) return z < 0 ? 0 : 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (normalQuantile(middle) < z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const counts = (shares: Float64Array, rows: number, uniform: Uniform) => shares.map((share) => drawPoisson(share * rows, uniform));

/** Counts of about n and m rows (Poisson), which the test then takes as given. */
function counted(name: string, shift: string, [before, after]: readonly [Float64Array, Float64Array], test: Test): Subject {
  return {
    name, shift, largest: 1e6,
    draw: (n, m, shifted, uniform, seed) => test({ reference: counts(before, n, uniform), current: counts(shifted ? after : before, m, uniform) }, { seed, resamples: 2 }).p ?? 1,
  };
}

function rowwise(name: string, test: typeof kolmogorovSmirnov): Subject {
  const sample = (rows: number, mean: number, uniform: Uniform) => Float64Array.from({ length: rows }, () => mean + drawNormal(uniform));
  return { name, shift: 'mean by 0.25 deviations', largest: 1e5, draw: (n, m, shifted, uniform) => test(tableOf(sample(n, 0, uniform), sample(m, shifted ? 0.25 : 0, uniform)), { resamples: 2 }).p ?? 1 };
}

/** Texts of eight words, word w with chance about 1/w; a share of the shifted ones comes from words of their own. */
function hashedTexts(share: number): Subject {
  const DIMS = 1_024;
  const text = (uniform: Uniform, other: boolean) => unitOf(hashedFeatures(Array.from({ length: 8 }, () => Math.imul(Math.floor(500 ** uniform()) + (other ? 1_000 : 0), 0x9e3779b1) >>> 0), DIMS));
  const texts = (rows: number, other: number, uniform: Uniform) => Array.from({ length: rows }, () => text(uniform, uniform() < other));
  return {
    name: 'linear MMD, hashed texts', shift: `${share * 100} % of another vocabulary`, largest: 1_000,
    draw: (n, m, shifted, uniform, seed) => meanDiscrepancy(texts(n, 0, uniform), texts(m, shifted ? share : 0, uniform), DIMS, { seed, draws: 99, resamples: 2 }).p ?? 1,
  };
}

/** Vectors whose deviation changes, which no comparison of means sees. */
function fourierVectors(): Subject {
  const [DIMS, FEATURES] = [8, 128];
  const map = fourierFeatures({ dims: DIMS, features: FEATURES, bandwidth: 4 });
  const rows = (count: number, deviation: number, uniform: Uniform) => Array.from({ length: count }, () => unitOf(denseFeatures(map(Array.from({ length: DIMS }, () => deviation * drawNormal(uniform))))));
  return {
    name: 'RFF-MMD, vectors', shift: 'deviations by 1.2', largest: 1_000,
    draw: (n, m, shifted, uniform, seed) => meanDiscrepancy(rows(n, 1, uniform), rows(m, shifted ? 1.2 : 1, uniform), FEATURES, { seed, draws: 99, resamples: 2 }).p ?? 1,
  };
}

function reconstruction(): Subject {
  const errors = (rows: number, scale: number, uniform: Uniform) => errorSums(Array.from({ length: rows }, () => scale * Math.hypot(drawNormal(uniform), drawNormal(uniform), drawNormal(uniform))));
  return { name: 'PCA reconstruction', shift: 'errors by 1.1', largest: 1e6, draw: (n, m, shifted, uniform) => reconstructionShift(errors(n, 1, uniform), errors(m, shifted ? 1.1 : 1, uniform)).p ?? 1 };
}

const SUBJECTS: readonly Subject[] = [
  rowwise('KS, rows', kolmogorovSmirnov),
  rowwise('Cramer-von Mises, rows', cramerVonMises),
  ...([256, 16] as const).flatMap((bins) => {
    const laws = [shiftedBins(bins, 0), shiftedBins(bins, 0.25)] as const;
    return [counted(`KS, ${bins} bins`, 'mean by 0.25 deviations', laws, kolmogorovSmirnov), counted(`Cramer-von Mises, ${bins} bins`, 'mean by 0.25 deviations', laws, cramerVonMises)];
  }),
  ...categories(),
  hashedTexts(0.1), fourierVectors(), reconstruction(),
];

/** Twenty categories, the i-th with a share of about 1/i; a tenth of the rows moves from the most to the least frequent. */
function categories(): Subject[] {
  const raw = Float64Array.from({ length: 20 }, (_, i) => 1 / (i + 1));
  const all = raw.reduce((sum, x) => sum + x, 0);
  const before = raw.map((x) => x / all);
  const after = before.map((x, i) => (i === 0 ? x - 0.1 : i === 19 ? x + 0.1 : x));
  const shift = '10 % of rows to the rarest';
  return [
    counted('chi-square, 20 categories', shift, [before, after], chiSquare),
    counted('G, 20 categories', shift, [before, after], gTest),
    counted('TVD by permutations, 20 categories', shift, [before, after], (table, options) => totalVariation(table, { ...options, draws: 999 })),
  ];
}

/** Not the clock's: others may be at work on the machine. */
const processorSeconds = () => process.cpuUsage().user / 1e6;

/** The share of p-values at or below alpha, and how many were drawn. */
function share(subject: Subject, n: number, m: number, shifted: boolean, alpha: number, { seconds, repeats }: Limits): { share: number; drawn: number } {
  const uniform = seededUniform(1 + n + 7 * m + (shifted ? 13 : 0));
  const until = processorSeconds() + seconds;
  let [hits, drawn] = [0, 0];
  while (drawn < repeats && (drawn < 100 || processorSeconds() < until)) {
    drawn++;
    if (subject.draw(n, m, shifted, uniform, drawn) <= alpha) hits++;
  }
  return { share: hits / drawn, drawn };
}

/** Between alpha/2 and alpha + 3 standard errors of the repeats. */
function levelRow(subject: Subject, n: number, m: number, limits: Limits): BenchRow {
  const { share: level, drawn } = share(subject, n, m, false, ALPHA, limits);
  const most = ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / drawn);
  return {
    name: `level at ${ALPHA}, ${subject.name}, ${n} against ${m} rows, ${drawn} repeats`, figure: Number(level.toFixed(4)), unit: 'share',
    goal: `${ALPHA / 2} to ${most.toFixed(4)}`, reached: level >= ALPHA / 2 && level <= most,
  };
}

function powerRow(subject: Subject, n: number, limits: Limits): BenchRow {
  const { share: power, drawn } = share(subject, n, n, true, ALPHA, { ...limits, repeats: Math.min(400, limits.repeats) });
  return { name: `power at ${ALPHA}, ${subject.name}, ${subject.shift}, ${n} against ${n} rows, ${drawn} repeats`, figure: Number(power.toFixed(3)), unit: 'share', goal: 'none', reached: true };
}

/** Without a file of real texts: a vocabulary of their own for a tenth of 1,000 texts, at the level of 1 %. */
export function madeTextRows(limits: Limits): BenchRow[] {
  return [0, 0.1].map((unseen) => {
    const { share: found, drawn } = share(hashedTexts(unseen), 1_000, 1_000, true, 0.01, { ...limits, repeats: Math.min(400, limits.repeats) });
    const sought = unseen > 0;
    return { name: `made texts of eight words, ${unseen * 100} % of another vocabulary in 1,000, reference 1,000, level 0.01, ${drawn} repeats`, figure: Number(found.toFixed(3)), unit: 'share found', goal: sought ? '0.9 or more' : 'none', reached: !sought || found >= 0.9 };
  });
}

/** Texts of one domain are kept from the reference; current texts have a share of them. */
export function textRows(file: string, limits: Limits): BenchRow[] {
  const [DIMS, REFERENCE, CURRENT] = [4_096, 2_000, 1_000];
  const rows = (parse(readFileSync(file, 'utf8'), { columns: false, from_line: 2 }) as string[][]).map(([text = '', domain = '']) => ({ domain, row: featuresOf(text, DIMS) }));
  const sizes = new Map<string, number>();
  for (const { domain } of rows) sizes.set(domain, (sizes.get(domain) ?? 0) + 1);
  const domains = [...sizes].filter(([, size]) => size >= 200).map(([domain]) => domain);
  return [0, 0.05, 0.1].map((unseen) => {
    const uniform = seededUniform(3);
    const until = processorSeconds() + 5 * limits.seconds;
    let [found, drawn] = [0, 0];
    while (drawn < limits.repeats && (drawn < 30 || processorSeconds() < until)) {
      const domain = domains[drawn++ % domains.length] as string;
      const known = shuffle(rows.filter((row) => row.domain !== domain), uniform);
      const fresh = shuffle(rows.filter((row) => row.domain === domain), uniform);
      const current = [...fresh.slice(0, CURRENT * unseen), ...known.slice(REFERENCE, REFERENCE + CURRENT * (1 - unseen))];
      const units = balancedUnits(known.slice(0, REFERENCE).map(({ row }) => row), current.map(({ row }) => row), DIMS);
      const { p } = meanDiscrepancy(units.reference, units.current, DIMS, { seed: drawn, draws: 199, resamples: 2 });
      if ((p ?? 1) <= 0.01) found++;
    }
    return { name: `texts, ${unseen * 100} % of an unseen domain in ${CURRENT}, reference ${REFERENCE}, level 0.01, ${drawn} repeats`, figure: Number((found / drawn).toFixed(3)), unit: 'share found', goal: unseen === 0.1 ? '0.9 or more' : 'none', reached: unseen !== 0.1 || found >= 0.9 * drawn };
  });
}

function featuresOf(text: string, dims: number): Features {
  const hashes: number[] = [];
  eachNgram(text, (hash) => hashes.push(hash));
  return hashedFeatures(hashes, dims);
}

function shuffle<T>(items: T[], uniform: Uniform): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}

const SIZES = [30, 100, 1_000, 10_000, 100_000, 1_000_000];

export function windowRows(limits: Limits = { seconds: 0.4, repeats: 2_000 }, { only = '', texts }: { only?: string | undefined; texts?: string | undefined } = {}): BenchRow[] {
  const subjects = SUBJECTS.filter((subject) => subject.name.includes(only));
  const levels = subjects.flatMap((subject) => {
    const sizes = SIZES.filter((n) => n <= subject.largest);
    // a large reference against a small window is the service's daily case
    return [...sizes.map((n) => levelRow(subject, n, n, limits)), levelRow(subject, Math.min(subject.largest, 50_000), 100, limits)];
  });
  return [...levels, ...subjects.flatMap((subject) => [100, 500, 1_000].map((n) => powerRow(subject, n, limits))), ...(texts === undefined ? [] : textRows(texts, limits))];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { only: { type: 'string' }, seconds: { type: 'string' }, repeats: { type: 'string' }, texts: { type: 'string' }, json: { type: 'boolean' } } });
  const rows = windowRows({ seconds: Number(values.seconds ?? 0.4), repeats: Number(values.repeats ?? 2_000) }, { only: values.only, texts: values.texts });
  if (values.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else console.table(rows);
}
