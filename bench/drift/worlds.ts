/** Worlds on course, in which every alarm is a false one, and worlds that change. Each makes a reference first and is judged by that, as the service does. */
import { evidenceDivisor } from '../../src/statistics/autocorrelation.ts';
import { meanUpper, type Moments } from '../../src/statistics/bounded-mean.ts';
import { dependenceOf } from '../../src/statistics/dependence.ts';
import { clopperPearsonUpper } from '../../src/statistics/intervals.ts';
import { REFERENCE_MISS } from '../../src/drift/course.ts';
import { FIRST_LOOK } from '../../src/drift/learn-panes.ts';
import { AUTO, toleratedRise, type ToleranceRule } from '../../src/drift/tolerance.ts';
import { binomial, clustered, draw, lawOf, sticky, type Chances, type Law, type Uniform } from './laws.ts';

/** Laws of the panes, and which of them is at work at pane t; laws that name their successor are followed instead. */
export interface Traffic {
  readonly laws: readonly Law[];
  at(t: number): number;
}

/** `reference`: rows; null where the mean is known. */
export type World = (reference: number | null, uniform: Uniform) => Traffic;

const RATE = 0.1;

function hitsOf(rows: number, rate: number, uniform: Uniform): number {
  let hits = 0;
  for (let i = 0; i < rows; i++) if (uniform() < rate) hits++;
  return hits;
}

const upperOf = (reference: number | null, rate: number, uniform: Uniform, miss = REFERENCE_MISS) =>
  reference === null ? rate : clopperPearsonUpper(hitsOf(reference, rate, uniform), reference, miss);

/** Independent rows, one a pane. */
const independent: World = (reference, uniform) => {
  const law = lawOf(binomial(1, RATE), upperOf(reference, RATE, uniform));
  return { laws: [law], at: () => 0 };
};

/** A day of 24 hours, each with a rate of its own (0.02 to 0.18) and a reference of its own; twelve panes of five rows an hour. */
const seasonal: World = (reference, uniform) => {
  const laws = Array.from({ length: 24 }, (_, hour) => {
    const rate = RATE + 0.08 * Math.sin((hour * Math.PI) / 12);
    const rows = reference === null ? null : Math.max(1, Math.round(reference / 24));
    return lawOf(binomial(5, rate), upperOf(rows, rate, uniform, REFERENCE_MISS / 24));
  });
  return { laws, at: (t) => Math.floor(t / 12) % 24 };
};

/** Five users a pane, 1 to 4 rows each, alike with chance 0.9. The reference has as many users as it has rows / 2.5. */
const users: World = (reference, uniform) => {
  const chances = clustered(5, RATE, 0.9);
  return { laws: [lawOf(chances, reference === null ? RATE : usersUpper(Math.round(reference / 2.5), uniform))], at: () => 0 };
};

function usersUpper(count: number, uniform: Uniform): number {
  const { sums, chances } = clustered(1, RATE, 0.9);
  let below = 0;
  const table = chances.map((chance) => (below += chance));
  table[table.length - 1] = 1;
  const moments = { n: count, sum: 0, squares: 0 };
  for (let i = 0; i < count; i++) {
    const x = sums[draw(table, uniform)] as number;
    moments.sum += x;
    moments.squares += x * x;
  }
  return meanUpper(moments, REFERENCE_MISS);
}

/** The mean has risen for good by what the default tolerance allows, five rows a pane. */
const risen: World = (reference, uniform) => {
  const allowed = toleratedRise(AUTO, RATE);
  const hits = reference === null ? 0 : hitsOf(reference, RATE, uniform);
  const m = reference === null ? RATE + allowed : clopperPearsonUpper(hits, reference, REFERENCE_MISS) + toleratedRise(AUTO, hits / reference);
  return { laws: [lawOf(binomial(5, RATE + allowed), m)], at: () => 0 };
};

/** The mean wanders between 0.08 and 0.12, tolerance 0.02, over 2,000 panes of five rows. */
const wandering: World = (reference, uniform) => {
  const m = upperOf(reference, RATE, uniform) + 0.02;
  const LEVELS = 32;
  const laws = Array.from({ length: LEVELS }, (_, i) => lawOf(binomial(5, RATE + 0.02 * Math.sin((2 * Math.PI * i) / LEVELS)), m));
  return { laws, at: (t) => Math.floor((t * LEVELS) / 2_000) % LEVELS };
};

export const WORLDS: Readonly<Record<string, World>> = { 'independent rows': independent, 'a declared season': seasonal, 'one contribution a user': users, 'risen by the default tolerance': risen, 'wandering within the tolerance': wandering };

/** Rows of a block, which are to be many against the memory of the rows. */
export const BLOCK = 50;

/** How rows that resemble their forerunners are met: not at all, by the phi that is declared, or by the one that the service estimates from panes. */
export type Correction = 'none' | 'declared' | 'estimated';

/** Blocks of rows of which each resembles its forerunner; the reference's rows do too, and count for fewer. What is estimated is, by the service's own code, from the panes of its first look. */
export function autoregressive(phi: number, correction: Correction): World {
  return (reference, uniform) => {
    const divisor = evidenceDivisor(correction === 'none' ? 0 : correction === 'declared' ? phi : estimatedPhi(phi, uniform));
    let m = RATE;
    if (reference !== null) {
      const [rows] = stickyPanes(1, reference, phi, uniform);
      m = clopperPearsonUpper((rows?.sum ?? 0) / divisor, reference / divisor, REFERENCE_MISS);
    }
    const law = (before: 0 | 1) => {
      const { chances, next } = sticky(BLOCK, RATE, phi, before);
      return lawOf(chances, m, divisor, next);
    };
    return { laws: [law(0), law(1)], at: () => 0 };
  };
}

export const estimatedPhi = (phi: number, uniform: Uniform) => dependenceOf(stickyPanes(FIRST_LOOK, BLOCK, phi, uniform))?.phi ?? 0;

function stickyPanes(panes: number, rows: number, phi: number, uniform: Uniform): Moments[] {
  let last = uniform() < RATE ? 1 : 0;
  return Array.from({ length: panes }, () => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += last = uniform() < phi ? last : Number(uniform() < RATE);
    return { n: rows, sum, squares: sum };
  });
}

/** The rate changes after `quiet` panes. */
export interface Change {
  readonly before: number;
  readonly after: number;
  readonly rows: number;
  readonly reference: number;
  readonly tolerance: ToleranceRule;
  /** Of the reference's bound. */
  readonly miss: number;
}

export function changing({ before, after, rows, reference, tolerance, miss }: Change, uniform: Uniform): { quiet: Law; changed: Law } {
  const hits = hitsOf(reference, before, uniform);
  const m = clopperPearsonUpper(hits, reference, miss) + toleratedRise(tolerance, hits / reference);
  const law = (rate: number) => lawOf(trimmed(binomial(rows, rate)), m);
  return { quiet: law(before), changed: law(after) };
}

/** Without the sums that never come, which only lengthen the search. */
function trimmed({ n, sums, chances }: Chances): Chances {
  const kept = Array.from(chances.keys()).filter((i) => (chances[i] as number) > 1e-15);
  return { n, sums: Float64Array.from(kept, (i) => sums[i] as number), chances: Float64Array.from(kept, (i) => chances[i] as number) };
}
