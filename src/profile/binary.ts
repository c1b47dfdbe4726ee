/**
 * The binary form of a profile, sparse: a pane delta of a few rows is a few dozen bytes.
 *
 *     u8 0x50 'P', u8 version, then unsigned LEB128 numbers (7 bits a byte, low bits first):
 *     edges, labels, rows, confidence {count, sum, squares, nulls, nonFinite}, bins*, label counts*, other, unseen,
 *     unseen {rows, sum, squares}, outcome {labelled, errors}; version 2 goes on: outcome {loss, squares}, format {rows, bad};
 *     version 3 goes on: how many columns, each name, kind, and its counts as a block; how many parts, each name and counts
 *     version 4 goes on: how many groups of calibrated scores, each name and counts
 *     *) how many are not 0, then for each: empty places before it, count
 *
 * The lowest version is written that says everything: 1 where every outcome was right or entirely wrong and no answer had a form, 2 where
 * there are no columns or parts, 3 where no score is calibrated. Columns, parts and groups stand in the order of their names, so that equal profiles are equal bytes.
 */
import { createWriter, damaged, readBlock, readFields, readNumber, readSize, readSparse, readText, writeBlock, writeNumber, writeSparse, writeText, written, type Reader, type Writer } from './bytes.ts';
import { COLUMN_KINDS, readColumn, writeColumn } from './columns/column.ts';
import { readTextInto } from './columns/text.ts';
import { readGaps, writeGaps } from './gaps.ts';
import { EDGES, UNIT } from './numeric.ts';
import { readPart, writePart } from './parts.ts';
import { addInto, COUNTED_LABELS, profileOfSize, type Profile } from './profile.ts';

const MAGIC = 0x50;
const VERSIONS = [1, 2, 3, 4] as const;
/** More than any profile has: a damaged number must not be believed. */
const MOST_NAMES = 1_000_000;

export function encodeProfile(profile: Profile): Uint8Array {
  const { confidence, labels, unseen, outcome, format } = profile;
  const version = versionOf(profile);
  const writer = createWriter();
  for (const value of [MAGIC, version, confidence.bins.length - 1, labels.counts.length, profile.rows]) writeNumber(writer, value);
  for (const value of [confidence.count, confidence.sum, confidence.squares, confidence.nulls, confidence.nonFinite]) writeNumber(writer, value);
  writeSparse(writer, confidence.bins);
  writeSparse(writer, labels.counts);
  for (const value of [labels.other, labels.unseen, unseen.rows, unseen.sum, unseen.squares, outcome.labelled, outcome.errors]) writeNumber(writer, value);
  if (version > 1) for (const value of [outcome.loss, outcome.squares, format.rows, format.bad]) writeNumber(writer, value);
  if (version > 2) writeNamed(writer, profile);
  if (version > 3) {
    writeNumber(writer, profile.gaps.size);
    for (const [group, counts] of inOrder(profile.gaps)) writeGaps(writer, group, counts);
  }
  return written(writer);
}

function versionOf({ outcome, format, columns, parts, gaps }: Profile): (typeof VERSIONS)[number] {
  if (gaps.size > 0) return 4;
  if (columns.size > 0 || parts.size > 0) return 3;
  return outcome.loss === outcome.errors * UNIT && outcome.squares === outcome.loss && format.rows === 0 ? 1 : 2;
}

function writeNamed(writer: Writer, { columns, parts }: Profile): void {
  writeNumber(writer, columns.size);
  for (const [name, counts] of inOrder(columns)) {
    writeText(writer, name);
    writeNumber(writer, COLUMN_KINDS.indexOf(counts.kind));
    const block = createWriter(1_024);
    writeColumn(block, counts);
    writeBlock(writer, block.bytes.subarray(0, block.at));
  }
  writeNumber(writer, parts.size);
  for (const [name, counts] of inOrder(parts)) writePart(writer, name, counts);
}

/** By code unit, so that the order depends on no locale. */
const inOrder = <C>(named: ReadonlyMap<string, C>) => [...named].sort(([a], [b]) => (a < b ? -1 : 1));

/** Whether a column is wanted; others are skipped without being read. */
export type WantedColumns = (name: string) => boolean;

/** For whoever needs none of the columns, which are most of a profile. */
export const NO_COLUMNS: WantedColumns = () => false;

/** @throws TrimtabError `bad-data` on anything but bytes that `encodeProfile` made */
export function decodeProfile(bytes: Uint8Array, wanted: WantedColumns = () => true): Profile {
  return readProfile(bytes, (profile, name, kind, block) => {
    if (!wanted(name)) return;
    profile.columns.set(name, readColumn(block, kind));
    requireWhole(name, block);
  });
}

/** Adds an encoded profile to `total`: for a long fold, several times as fast as decoding and adding. @throws as both */
export function addEncoded(total: Profile, bytes: Uint8Array): Profile {
  return addInto(total, readProfile(bytes, (profile, name, kind, block) => {
    const sum = total.columns.get(name);
    if (sum?.kind === 'text' && COLUMN_KINDS[kind] === 'text') readTextInto(block, sum);
    else profile.columns.set(name, readColumn(block, kind));
    requireWhole(name, block);
  }));
}

function requireWhole(name: string, { at, bytes }: Reader): void {
  if (at !== bytes.length) throw damaged(`column "${name}" is not all of its block`);
}

type ReadColumn = (profile: Profile, name: string, kind: number, block: Reader) => void;

function readProfile(bytes: Uint8Array, column: ReadColumn): Profile {
  if (bytes[0] !== MAGIC) throw damaged('it does not begin with the mark of a profile');
  const version = VERSIONS.find((each) => each === bytes[1]);
  if (version === undefined) throw damaged(`version ${bytes[1]} is unknown`);
  const reader: Reader = { bytes, at: 2 };
  const [edges, labels] = [readNumber(reader), readNumber(reader)];
  if (edges > EDGES || labels > COUNTED_LABELS) throw damaged(`${edges} edges and ${labels} labels are more than a profile has`);
  const profile = profileOfSize(edges, labels);
  profile.rows = readNumber(reader);
  readFields(reader, profile.confidence, ['count', 'sum', 'squares', 'nulls', 'nonFinite']);
  readSparse(reader, profile.confidence.bins);
  readSparse(reader, profile.labels.counts);
  readFields(reader, profile.labels, ['other', 'unseen']);
  readFields(reader, profile.unseen, ['rows', 'sum', 'squares']);
  readFields(reader, profile.outcome, ['labelled', 'errors']);
  if (version === 1) profile.outcome.loss = profile.outcome.squares = profile.outcome.errors * UNIT;
  else readFields(reader, profile.outcome, ['loss', 'squares']);
  if (version > 1) readFields(reader, profile.format, ['rows', 'bad']);
  if (version > 2) readNamed(reader, profile, column);
  if (version > 3) {
    for (let left = readSize(reader, MOST_NAMES, 'groups'); left > 0; left--) profile.gaps.set(...readGaps(reader));
  }
  if (reader.at !== bytes.length) throw damaged(`${bytes.length - reader.at} bytes follow its end`);
  return profile;
}

function readNamed(reader: Reader, profile: Profile, column: ReadColumn): void {
  for (let left = readSize(reader, MOST_NAMES, 'columns'); left > 0; left--) {
    const [name, kind] = [readText(reader), readNumber(reader)];
    column(profile, name, kind, { bytes: readBlock(reader), at: 0 });
  }
  for (let left = readSize(reader, MOST_NAMES, 'parts'); left > 0; left--) {
    const [name, counts] = readPart(reader);
    profile.parts.set(name, counts);
  }
}
