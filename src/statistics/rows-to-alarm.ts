/**
 * The power floor: how many rows an e-detector needs until it alarms, at a stated rise, with a stated chance.
 *
 * The best bet's log evidence grows by g a row and wanders by its deviation d times sqrt(rows); it must reach
 * log(threshold / weight of the bet), less what the sum over starting panes adds: about 1.35 log(1 + 1 / (g r)) + 0.8 for panes
 * of r rows. That last term was fitted to simulations of 17 cases (means of 0.005 to 0.5, thresholds of 1e3 to 1e7, panes of
 * 1 to 100 rows), all of which it leaves within 10 %; of graded bets the 0.8 is left out, which puts ten further cases within 10 %, or a pane; everything else is the normal approximation of a sum.
 */
import { BETS, GRADED_WEIGHTS, makeBets, makeGradedBets, MOST, WEIGHTS } from './bets.ts';
import { normalQuantile } from './normal.ts';

export interface Rising {
  /** Largest mean that is on course. */
  readonly m: number;
  /** Where the mean has gone. */
  readonly mean: number;
  /** Of the values, m(1 - m) at most; that of 0/1 values when left out. */
  readonly variance?: number;
  /** c over the stream's share of the budget. */
  readonly threshold: number;
  /** Rows of a pane. */
  readonly rows: number;
  readonly divisor?: number;
  /** As of the detector's stream. */
  readonly graded?: boolean;
  /** 0.8 when left out. */
  readonly power?: number;
}

/** Infinity where the mean has not left the course: then no number of rows will do. */
export function rowsToAlarm({ m, mean, variance = mean * (1 - mean), threshold, rows, divisor = 1, graded = false, power = 0.8 }: Rising): number {
  if (m >= MOST || mean <= m) return Infinity;
  const [certain, cautious, z] = [makeBets(m), makeGradedBets(m), normalQuantile(power)];
  const [rise, weights] = [mean - m, graded ? GRADED_WEIGHTS : WEIGHTS];
  let least = Infinity;
  for (let j = 0; j < weights.length; j++) {
    const lambda = (j < BETS ? certain.lambda[j] : cautious.lambda[j - BETS]) as number;
    const growth = (j < BETS ? lambda * mean - (certain.cost[j] as number) : lambda * rise - (cautious.cost[j - BETS] as number) * (variance + rise * rise)) / divisor;
    if (growth <= 0) continue;
    const deviation = (lambda * Math.sqrt(variance)) / Math.sqrt(divisor);
    const starts = 1.35 * Math.log(1 + 1 / (growth * Math.max(1, rows))) + (j < BETS ? 0.8 : 0);
    const reach = Math.max(1, Math.log(threshold / (weights[j] as number)) - starts);
    const root = (z * deviation + Math.sqrt(Math.max(0, z * z * deviation * deviation + 4 * growth * reach))) / (2 * growth);
    least = Math.min(least, root * root);
  }
  // there is only an alarm at the end of a pane
  return Math.ceil(least / Math.max(1, rows)) * Math.max(1, rows);
}
