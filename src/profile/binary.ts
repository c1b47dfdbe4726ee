/**
 * The binary form of a profile, sparse: a pane delta of a few rows is a few dozen bytes.
 *
 *     u8 0x50 'P', u8 version, then unsigned LEB128 numbers (7 bits a byte, low bits first):
 *     edges, labels, rows, confidence {count, sum, squares, nulls, nonFinite}, bins*, label counts*, other, unseen,
 *     unseen {rows, sum, squares}, outcome {labelled, errors}; version 2 goes on: outcome {loss, squares}, format {rows, bad}
 *     *) how many are not 0, then for each: empty places before it, count
 *
 * Version 1 is written wherever it says everything: every outcome right or entirely wrong, and no answer with a form.
 */
import { TrimtabError } from '../errors.ts';
import { EDGES, UNIT } from './numeric.ts';
import { COUNTED_LABELS, profileOfSize, type Profile } from './profile.ts';

const MAGIC = 0x50;
const VERSIONS = [1, 2] as const;

export function encodeProfile(profile: Profile): Uint8Array {
  const { confidence, labels, unseen, outcome, format } = profile;
  const plain = outcome.loss === outcome.errors * UNIT && outcome.squares === outcome.loss && format.rows === 0;
  const bytes: number[] = [MAGIC, plain ? 1 : 2];
  const numbers = [confidence.bins.length - 1, labels.counts.length, profile.rows, confidence.count, confidence.sum, confidence.squares, confidence.nulls, confidence.nonFinite];
  for (const value of numbers) writeNumber(bytes, value);
  writeSparse(bytes, confidence.bins);
  writeSparse(bytes, labels.counts);
  for (const value of [labels.other, labels.unseen, unseen.rows, unseen.sum, unseen.squares, outcome.labelled, outcome.errors]) writeNumber(bytes, value);
  if (!plain) for (const value of [outcome.loss, outcome.squares, format.rows, format.bad]) writeNumber(bytes, value);
  return Uint8Array.from(bytes);
}

/** @throws TrimtabError `bad-data` on anything but bytes that `encodeProfile` made */
export function decodeProfile(bytes: Uint8Array): Profile {
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
  if (version === 2) readFields(reader, profile.format, ['rows', 'bad']);
  if (reader.at !== bytes.length) throw damaged(`${bytes.length - reader.at} bytes follow its end`);
  return profile;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  // by division, since the counts outgrow the 32 bits of shifts
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function readNumber(reader: Reader): number {
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw damaged('it ends too early');
    value += (byte & 127) * scale;
    if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value;
  }
  throw damaged('a number is above 2^53');
}

function readFields<K extends string>(reader: Reader, into: Record<K, number>, fields: readonly K[]): void {
  for (const field of fields) into[field] = readNumber(reader);
}

function writeSparse(bytes: number[], values: Float64Array): void {
  writeNumber(bytes, values.reduce((count, value) => count + (value === 0 ? 0 : 1), 0));
  let last = -1;
  values.forEach((value, i) => {
    if (value === 0) return;
    writeNumber(bytes, i - last - 1);
    writeNumber(bytes, value);
    last = i;
  });
}

function readSparse(reader: Reader, into: Float64Array): void {
  let at = -1;
  for (let left = readNumber(reader); left > 0; left--) {
    at += readNumber(reader) + 1;
    if (at >= into.length) throw damaged(`place ${at} is beyond the last, ${into.length - 1}`);
    into[at] = readNumber(reader);
  }
}

function damaged(problem: string): TrimtabError {
  return new TrimtabError('bad-data', { what: 'stored profile', problem, right: 'it must be as encodeProfile wrote it' });
}
