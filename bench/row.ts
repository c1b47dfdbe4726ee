/** One figure of a benchmark, its goal, and whether it was reached. */
export interface BenchRow {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  readonly goal: string;
  readonly reached: boolean;
}
