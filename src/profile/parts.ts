/**
 * Parts of the traffic that are counted by themselves: segments (the values of a feature) and seasons (the hour or the day of a prediction).
 * A part carries what monitors need and no more: outcome, confidence, unseen n-grams, form.
 */
import { addFields, type Sign } from './add.ts';
import { readFields, readNumber, readText, writeNumber, writeText, type Reader, type Writer } from './bytes.ts';

export interface PartCounts {
  rows: number;
  /** Of the rows with a confidence in [0, 1]; sums in units of 2^-20, here and below. */
  readonly confidence: { count: number; sum: number; squares: number };
  readonly unseen: { rows: number; sum: number; squares: number };
  readonly outcome: { labelled: number; errors: number; loss: number; squares: number };
  readonly format: { rows: number; bad: number };
}

export function emptyPart(): PartCounts {
  return {
    rows: 0, confidence: { count: 0, sum: 0, squares: 0 }, unseen: { rows: 0, sum: 0, squares: 0 },
    outcome: { labelled: 0, errors: 0, loss: 0, squares: 0 }, format: { rows: 0, bad: 0 },
  };
}

export const isEmptyPart = ({ rows, outcome }: PartCounts): boolean => rows === 0 && outcome.labelled === 0;

const OF_CONFIDENCE = ['count', 'sum', 'squares'] as const;
const OF_UNSEEN = ['rows', 'sum', 'squares'] as const;
const OF_OUTCOME = ['labelled', 'errors', 'loss', 'squares'] as const;
const OF_FORMAT = ['rows', 'bad'] as const;

export function addPart(total: PartCounts, part: PartCounts, sign: Sign): void {
  addFields(total, part, ['rows'], sign);
  addFields(total.confidence, part.confidence, OF_CONFIDENCE, sign);
  addFields(total.unseen, part.unseen, OF_UNSEEN, sign);
  addFields(total.outcome, part.outcome, OF_OUTCOME, sign);
  addFields(total.format, part.format, OF_FORMAT, sign);
}

export function writePart(writer: Writer, name: string, { rows, confidence, unseen, outcome, format }: PartCounts): void {
  writeText(writer, name);
  writeNumber(writer, rows);
  for (const field of OF_CONFIDENCE) writeNumber(writer, confidence[field]);
  for (const field of OF_UNSEEN) writeNumber(writer, unseen[field]);
  for (const field of OF_OUTCOME) writeNumber(writer, outcome[field]);
  for (const field of OF_FORMAT) writeNumber(writer, format[field]);
}

export function readPart(reader: Reader): [name: string, counts: PartCounts] {
  const [name, part] = [readText(reader), emptyPart()];
  part.rows = readNumber(reader);
  readFields(reader, part.confidence, OF_CONFIDENCE);
  readFields(reader, part.unseen, OF_UNSEEN);
  readFields(reader, part.outcome, OF_OUTCOME);
  readFields(reader, part.format, OF_FORMAT);
  return [name, part];
}
