/**
 * How long labels take: the share of predictions whose label has come after a delay, by Kaplan and Meier (1958), when many
 * predictions are too young for theirs. A prediction counts for a step of the curve only if it is old enough to have been seen
 * through the whole step, so that steps of any width are without bias. Delays must not depend on when a prediction was made.
 */

/** Ends of the steps, in seconds: from one minute to half a year by quarters of an octave. */
export const DELAY_EDGES: readonly number[] = Array.from({ length: 73 }, (_, i) => 60 * 2 ** (i / 4));

/** Rows by how many edges are at most their age; labelled rows also by how many are at most their delay. */
export interface Delays {
  readonly ages: readonly { readonly age: number; readonly n: number }[];
  readonly labelled: readonly { readonly age: number; readonly delay: number; readonly n: number }[];
}

export interface LifeStep {
  /** Old enough to have been seen through the step. */
  readonly seen: number;
  /** Of those, not labelled before it. */
  readonly atRisk: number;
  /** Of those, labelled in it. */
  readonly events: number;
}

/** The steps (0, edge 0], (edge 0, edge 1] and so on. */
export function lifeTable({ ages, labelled }: Delays, edges = DELAY_EDGES.length): LifeStep[] {
  return Array.from({ length: edges }, (_, step) => {
    // age > step: at least the step's end is past
    const seen = ages.reduce((sum, each) => sum + (each.age > step ? each.n : 0), 0);
    const before = labelled.reduce((sum, each) => sum + (each.age > step && each.delay < step ? each.n : 0), 0);
    return { seen, atRisk: seen - before, events: labelled.reduce((sum, each) => sum + (each.age > step && each.delay === step ? each.n : 0), 0) };
  });
}

/** The share without a label after each step: the product of 1 - events / at risk. Ends before the first step that fewer than `fewest` have been seen through. */
export function survival(steps: readonly LifeStep[], fewest = 1): number[] {
  const shares: number[] = [];
  let share = 1;
  for (const { seen, atRisk, events } of steps) {
    if (seen < fewest) break;
    // nobody is left at risk once all have their label
    if (atRisk > 0) share *= 1 - events / atRisk;
    shares.push(share);
  }
  return shares;
}

export interface Maturity {
  /** Share of the predictions that have a label by the horizon. */
  readonly labelledShare: number;
  /** The longest delay that anything is known of, in seconds. */
  readonly horizon: number;
  /** False while so many labels came in the last half of the horizon that more must be expected: then no bucket is mature. */
  readonly levelled: boolean;
  /** Of the labels that come by the horizon, the share that has come after so many seconds. */
  readonly curve: readonly { readonly seconds: number; readonly share: number }[];
}

const FEWEST_SEEN = 30;
const LEVEL = 0.9;
const HALF = 4;

/** Null when no label has been seen to come. */
export function maturityOf(delays: Delays): Maturity | null {
  const arrived = survival(lifeTable(delays), FEWEST_SEEN).map((share) => 1 - share);
  const all = arrived.at(-1) ?? 0;
  if (all <= 0) return null;
  return {
    labelledShare: all,
    horizon: DELAY_EDGES[arrived.length - 1] as number,
    levelled: (arrived.at(-1 - HALF) ?? 0) >= LEVEL * all,
    curve: arrived.map((share, i) => ({ seconds: DELAY_EDGES[i] as number, share: share / all })),
  };
}

/** F at an age in seconds: of the labels that come, the share that has; null while that cannot be said. */
export function maturityAt({ curve, levelled }: Maturity, age: number): number | null {
  if (!levelled) return null;
  const next = curve.findIndex(({ seconds }) => seconds > age);
  if (next < 0) return 1;
  // within a step by a straight line
  const [from, to] = [curve[next - 1] ?? { seconds: 0, share: 0 }, curve[next] as { seconds: number; share: number }];
  return from.share + ((to.share - from.share) * (age - from.seconds)) / (to.seconds - from.seconds);
}
