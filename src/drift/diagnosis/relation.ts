/** Whether columns of numbers stopped moving together, which no column shows alone: by how far rows lie from the plane of the rows from before. */
import { errorSums, fitPlane, reconstructionError, reconstructionShift, type ColumnSums } from '../../statistics/window/index.ts';
import type { SampledPrediction } from '../../store/diagnosis.ts';
import { named, type WindowTest } from '../window.ts';

const FEWEST = 60;
/** Of the rows that must have a column for it to be one of the plane's. */
const PRESENT = 0.9;

/** Every other row from before fits the plane, the others are what the rows since are compared with. Null of fewer than two columns, or too few rows. */
export function relationOf(before: readonly SampledPrediction[], since: readonly SampledPrediction[]): WindowTest | null {
  const names = numbersOf(before);
  if (names.length < 2) return null;
  const rows = (side: readonly SampledPrediction[]) => side.map((row) => names.map((name) => numberOf(row, name))).filter((row): row is number[] => row.every((x) => x !== null));
  const [earlier, later] = [rows(before), rows(since)];
  if (earlier.length < FEWEST || later.length < FEWEST) return null;
  const [fitting, held] = [earlier.filter((_, i) => i % 2 === 0), earlier.filter((_, i) => i % 2 === 1)];
  // squares of columns far from 0 would lose their digits
  const middle = names.map((_, i) => fitting.reduce((sum, row) => sum + (row[i] as number), 0) / fitting.length);
  const shifted = (row: readonly number[]) => row.map((x, i) => x - (middle[i] as number));
  const plane = fitPlane(sumsOf(fitting.map(shifted)));
  const errors = (those: readonly (readonly number[])[]) => errorSums(those.map((row) => reconstructionError(plane, shifted(row))));
  return named('PCA reconstruction', reconstructionShift(errors(held), errors(later)));
}

function numbersOf(rows: readonly SampledPrediction[]): string[] {
  const times = new Map<string, number>();
  for (const row of rows) for (const name in row.features) if (numberOf(row, name) !== null) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].filter(([name, count]) => count >= PRESENT * rows.length && !name.startsWith('@')).map(([name]) => name).sort();
}

function numberOf({ features }: SampledPrediction, name: string): number | null {
  const value = features !== null && Object.hasOwn(features, name) ? features[name] : null;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function sumsOf(rows: readonly (readonly number[])[]): ColumnSums {
  const d = rows[0]?.length ?? 0;
  const [sum, products] = [new Float64Array(d), new Float64Array(d * d)];
  for (const row of rows) {
    for (let i = 0; i < d; i++) {
      sum[i]! += row[i] as number;
      for (let j = 0; j < d; j++) products[i * d + j]! += (row[i] as number) * (row[j] as number);
    }
  }
  return { n: rows.length, sum, products };
}
