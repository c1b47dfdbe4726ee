/** Unsigned and signed LEB128 numbers (7 bits a byte, low bits first), texts and sparse arrays, one after the other. */
import { TrimtabError } from '../errors.ts';

export interface Writer {
  bytes: Uint8Array;
  at: number;
}

export function createWriter(room = 256): Writer {
  return { bytes: new Uint8Array(room), at: 0 };
}

export function written({ bytes, at }: Writer): Uint8Array {
  return bytes.slice(0, at);
}

/** Longest of one number. */
const LONGEST = 8;

export function writeNumber(writer: Writer, value: number): void {
  makeRoom(writer, LONGEST);
  let rest = value;
  // by division, since the counts outgrow the 32 bits of shifts
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) writer.bytes[writer.at++] = (rest % 128) + 128;
  for (; rest >= 128; rest >>>= 7) writer.bytes[writer.at++] = (rest & 127) | 128;
  writer.bytes[writer.at++] = rest;
}

export function writeText(writer: Writer, text: string): void {
  writeBlock(writer, new TextEncoder().encode(text));
}

/** Its length, then the bytes. */
export function writeBlock(writer: Writer, block: Uint8Array): void {
  writeNumber(writer, block.length);
  makeRoom(writer, block.length);
  writer.bytes.set(block, writer.at);
  writer.at += block.length;
}

/** How many are not 0, then for each: empty places before it, count. `signed`: twice the count, minus 1 below 0. */
export function writeSparse(writer: Writer, values: Float64Array, signed = false): void {
  let used = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) used++;
  writeNumber(writer, used);
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value === 0) continue;
    writeNumber(writer, i - last - 1);
    writeNumber(writer, signed ? (value > 0 ? 2 * value : -2 * value - 1) : value);
    last = i;
  }
}

function makeRoom(writer: Writer, more: number): void {
  if (writer.at + more <= writer.bytes.length) return;
  const larger = new Uint8Array(Math.max(2 * writer.bytes.length, writer.at + more));
  larger.set(writer.bytes);
  writer.bytes = larger;
}

export interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

/** @throws TrimtabError `bad-data`, as all that reads */
export function readNumber(reader: Reader): number {
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw damaged('it ends too early');
    value += (byte & 127) * scale;
    if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value;
  }
  throw damaged('a number is above 2^53');
}

export function readFields<K extends string>(reader: Reader, into: Record<K, number>, fields: readonly K[]): void {
  for (const field of fields) into[field] = readNumber(reader);
}

/** A number that sizes something: above `most` it is damage, which must not allocate. */
export function readSize(reader: Reader, most: number, what: string): number {
  const size = readNumber(reader);
  if (size > most) throw damaged(`${size} ${what} are more than there can be, ${most}`);
  return size;
}

export function readText(reader: Reader): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readBlock(reader));
  } catch (error) {
    if (error instanceof TrimtabError) throw error;
    throw damaged('a text in it is no UTF-8');
  }
}

export function readBlock(reader: Reader): Uint8Array {
  const length = readNumber(reader);
  if (length > reader.bytes.length - reader.at) throw damaged('it ends too early');
  reader.at += length;
  return reader.bytes.subarray(reader.at - length, reader.at);
}

/** Adds the array to what is there. */
export function readSparse(reader: Reader, into: Float64Array, signed = false): void {
  let at = -1;
  for (let left = readSize(reader, into.length, 'places'); left > 0; left--) {
    at += readNumber(reader) + 1;
    if (at >= into.length) throw damaged(`place ${at} is beyond the last, ${into.length - 1}`);
    const value = readNumber(reader);
    if (value === 0) throw damaged(`place ${at} is told, and 0`);
    const sum = (into[at] as number) + (!signed ? value : value % 2 === 0 ? value / 2 : -(value + 1) / 2);
    if (!Number.isSafeInteger(sum)) throw damaged(`place ${at} would be ${sum}`);
    into[at] = sum;
  }
}

export function damaged(problem: string): TrimtabError {
  return new TrimtabError('bad-data', { what: 'stored profile', problem, right: 'it must be as encodeProfile wrote it' });
}
