/** What a chart draws. */

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** `main` in the accent colour; the others grey, told apart by their dashes; `edge` is not drawn but bounds a band. */
  readonly look: 'main' | 'second' | 'third' | 'fourth' | 'edge';
  /** As the table and the readout show it. */
  readonly show: (value: number) => string;
}

export const DASHES: Readonly<Record<Exclude<Line['look'], 'edge'>, readonly number[]>> = { main: [], second: [], third: [6, 4], fourth: [2, 3] };
export const LOOKS = ['main', 'second', 'third', 'fourth'] as const;

export type MarkKind = 'incident' | 'promotion' | 'rollback';

export interface Mark {
  /** Seconds since 1970. */
  readonly at: number;
  readonly kind: MarkKind;
  readonly label: string;
}

export interface Plotted {
  /** Seconds since 1970, or a count. */
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  /** Places of the upper and lower edge of a band in `lines`. */
  readonly band?: readonly [number, number];
  readonly marks?: readonly Mark[];
}
