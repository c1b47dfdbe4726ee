/**
 * What differs between the stored predictions before and since a time: every window statistic on a sample of rows of either side, on demand. It
 * needs no reference and no profile, and decides nothing; the monitors do.
 */
import { TrimtabError } from '../../errors.ts';
import { benjaminiHochberg } from '../../statistics/multiple.ts';
import { predictionsBetween, type SampledPrediction } from '../../store/diagnosis.ts';
import { getModel } from '../../store/models.ts';
import type { Queryable } from '../../store/postgres.ts';
import { tellingPart } from '../../tasks/index.ts';
import type { WindowTest } from '../window.ts';
import { columnsOf, type DiagnosedColumn } from './columns.ts';
import { relationOf } from './relation.ts';
import { domainsOf, type DiagnosedTexts } from './texts.ts';

export interface DiagnosisQuestion {
  readonly model: string;
  readonly from: Date;
  readonly change: Date;
  readonly to: Date;
  /** Rows of a side, at most. */
  readonly rows: number;
}

export interface Diagnosis {
  readonly model: string;
  readonly from: Date;
  readonly change: Date;
  readonly to: Date;
  /** Rows that were looked at. */
  readonly rows: readonly [before: number, since: number];
  readonly columns: readonly (DiagnosedColumn & {
    /** When all columns are asked at once: Benjamini-Hochberg at 5 % over the first test of each. */
    readonly differs: boolean;
  })[];
  /** Whether columns of numbers stopped moving together, by PCA reconstruction; null of fewer than two, or of too few rows. */
  readonly relation: WindowTest | null;
  /** How well inputs from before and since can be told apart, and by what; null of too few. */
  readonly texts: DiagnosedTexts | null;
  readonly guarantee: string;
}

const FALSE_DISCOVERIES = 0.05;
const GUARANTEE = `of the columns that differ, ${FALSE_DISCOVERIES * 100} % are expected to be false, at most, where rows are independent and the time of the change was not chosen by looking at them (Benjamini-Hochberg); no other threshold promises anything`;

/** @throws TrimtabError `not-found` */
export async function diagnose(db: Queryable, { model, from, change, to, rows }: DiagnosisQuestion): Promise<Diagnosis> {
  if ((await getModel(db, model)) === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  const sides = [await predictionsBetween(db, model, [from, change], rows), await predictionsBetween(db, model, [change, to], rows)] as const;
  return { model, from, change, to, ...compared(...sides), guarantee: GUARANTEE };
}

export function compared(before: readonly SampledPrediction[], since: readonly SampledPrediction[]): Pick<Diagnosis, 'rows' | 'columns' | 'relation' | 'texts'> {
  const columns = columnsOf(before, since);
  const differs = benjaminiHochberg(columns.map(({ tests }) => tests.find(({ p }) => p !== null)?.p ?? 1), FALSE_DISCOVERIES);
  const texts = (side: readonly SampledPrediction[]) => side.map(({ input }) => tellingPart(input));
  return {
    rows: [before.length, since.length],
    columns: columns.map((column, i) => ({ ...column, differs: differs[i] === true })),
    relation: relationOf(before, since), texts: domainsOf(texts(before), texts(since)),
  };
}
