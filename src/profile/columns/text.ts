/**
 * The text column: the sketch of its content, and what describes each text as numeric columns: its length in UTF-16 units, its
 * entropy, the share of its letters that are of the reference's commonest script, and how much it repeats itself; empty texts and refusals
 * are counted. Whether a text has its form is counted in the profile's `format`, by the rules of the task.
 */
import { addFields, type Sign } from '../add.ts';
import { readFields, writeNumber, type Reader, type Writer } from '../bytes.ts';
import { scanText, type Scan } from '../ngrams.ts';
import { entropyOf } from './entropy.ts';
import { addNumber, emptyNumber, numberLayout, observeNumber, readNumberCounts, writeNumberCounts, type NumberCounts, type NumberLayout } from './number.ts';
import { isRefusal } from './refusal.ts';
import { addSketch, BUCKETS, emptySketch, observeSketch, readSketch, writeSketch, type Sketch } from './sketch.ts';

export const DESCRIPTORS = ['length', 'entropy', 'script', 'repetition'] as const;
export type Descriptor = (typeof DESCRIPTORS)[number];

export interface TextLayout {
  readonly kind: 'text';
  /** Place in `SCRIPTS` of the reference's commonest script. */
  readonly script: number;
  /** Refusals are looked for: in outputs. */
  readonly refusals: boolean;
  readonly descriptors: { readonly [D in Descriptor]: NumberLayout };
}

export interface TextCounts {
  readonly kind: 'text';
  /** Texts, of which `empty` have nothing but white space and `refused` are refusals. */
  rows: number;
  empty: number;
  refused: number;
  nulls: number;
  mistyped: number;
  /** Empty texts have a length alone, texts without letters no script; the rest is `nulls`. */
  readonly descriptors: { readonly [D in Descriptor]: NumberCounts };
  readonly sketch: Sketch;
}

/** A layout by the reference's texts, of which there is one at least. */
export function textLayout(texts: readonly string[], refusals: boolean): TextLayout {
  const scripts = texts.reduce((sum, text) => sum.map((count, i) => count + (scanText(text).scripts[i] as number)), new Float64Array(scanText('').scripts.length));
  scripts[0] = 0;
  const script = Math.max(1, scripts.indexOf(Math.max(...scripts)));
  const described = texts.map((text) => describe(text, scanText(text), script));
  const layout = (name: Descriptor, range?: readonly [number, number]) => numberLayout(described.flatMap((each) => each[name] ?? []), range);
  return { kind: 'text', script, refusals, descriptors: { length: layout('length'), entropy: layout('entropy', [0, 16]), script: layout('script', [0, 1]), repetition: layout('repetition', [0, 1]) } };
}

export function emptyText({ descriptors }: TextLayout): TextCounts {
  const empty = (name: Descriptor) => emptyNumber(descriptors[name].edges.length);
  return { kind: 'text', rows: 0, empty: 0, refused: 0, nulls: 0, mistyped: 0, descriptors: { length: empty('length'), entropy: empty('entropy'), script: empty('script'), repetition: empty('repetition') }, sketch: emptySketch() };
}

/** Counts a value of any type of a row of the given group. */
export function observeText(counts: TextCounts, layout: TextLayout, value: unknown, group: number): void {
  if (typeof value === 'string') countText(counts, layout, value, scanText(value), group);
  else if (value === null || value === undefined) counts.nulls++;
  else counts.mistyped++;
}

/** Counts a text that was just scanned. */
export function countText(counts: TextCounts, layout: TextLayout, text: string, scan: Scan, group: number): void {
  counts.rows++;
  const touched = observeSketch(counts.sketch, scan, group);
  const { descriptors } = counts;
  const empty = isEmpty(text);
  if (empty) counts.empty++;
  else if (layout.refusals && isRefusal(text)) counts.refused++;
  observeNumber(descriptors.length, layout.descriptors.length, text.length);
  observeNumber(descriptors.entropy, layout.descriptors.entropy, empty ? null : entropyOf(text));
  observeNumber(descriptors.script, layout.descriptors.script, scriptShare(scan, layout.script));
  observeNumber(descriptors.repetition, layout.descriptors.repetition, repetition(scan.count, touched));
}

const isEmpty = (text: string) => !/\S/.test(text);

function describe(text: string, scan: Scan, script: number): { readonly [D in Descriptor]: number | null } {
  const touched = new Set(scan.hashes.subarray(0, scan.count).map((hash) => hash & (BUCKETS - 1))).size;
  return { length: text.length, entropy: isEmpty(text) ? null : entropyOf(text), script: scriptShare(scan, script), repetition: repetition(scan.count, touched) };
}

function scriptShare({ scripts }: Scan, script: number): number | null {
  let letters = 0;
  // from 1 on: what is of no script, such as digits, says nothing
  for (let i = 1; i < scripts.length; i++) letters += scripts[i] as number;
  return letters === 0 ? null : (scripts[script] as number) / letters;
}

/** Share of the n-grams that were there before: from the buckets touched, and those that as many different ones would touch. */
function repetition(ngrams: number, touched: number): number | null {
  if (ngrams === 0) return null;
  return Math.max(0, 1 - touched / (BUCKETS * (1 - Math.exp(-ngrams / BUCKETS))));
}

export function rowsOfText({ rows, nulls, mistyped }: TextCounts): number {
  return rows + nulls + mistyped;
}

const FIELDS = ['rows', 'empty', 'refused', 'nulls', 'mistyped'] as const;

export function addText(total: TextCounts, part: TextCounts, sign: Sign): void {
  addFields(total, part, FIELDS, sign);
  for (const name of DESCRIPTORS) addNumber(total.descriptors[name], part.descriptors[name], sign);
  addSketch(total.sketch, part.sketch, sign);
}

export function writeTextCounts(writer: Writer, counts: TextCounts): void {
  for (const field of FIELDS) writeNumber(writer, counts[field]);
  for (const name of DESCRIPTORS) writeNumberCounts(writer, counts.descriptors[name]);
  writeSketch(writer, counts.sketch);
}

export function readTextCounts(reader: Reader): TextCounts {
  return { ...readNumbers(reader), sketch: readSketch(reader) };
}

/** Adds what is read to `total`. */
export function readTextInto(reader: Reader, total: TextCounts): void {
  addText(total, { ...readNumbers(reader), sketch: emptySketch() }, 1);
  readSketch(reader, total.sketch);
}

function readNumbers(reader: Reader): Omit<TextCounts, 'sketch'> {
  const numbers = { rows: 0, empty: 0, refused: 0, nulls: 0, mistyped: 0 };
  readFields(reader, numbers, FIELDS);
  const [length, entropy, script, repeated] = [readNumberCounts(reader), readNumberCounts(reader), readNumberCounts(reader), readNumberCounts(reader)];
  return { kind: 'text', ...numbers, descriptors: { length, entropy, script, repetition: repeated } };
}
