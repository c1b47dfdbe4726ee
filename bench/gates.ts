/**
 * How often the shipped gates promote, by simulation: a challenger that is equal, one point worse, four points better, and
 * chains of 50 runs on one growing exam whose champion is whatever was promoted before.
 *
 *     node bench/gates.ts [--json] [--repeats 2000] [--chains 100]
 *
 * Rows are of three kinds, so that two adapters disagree about as often as two trainings of one model do: 78 % that everyone knows, 2 %
 * that nobody knows, 20 % that a mean adapter gets right half of the time. Accuracy 0.88, and 10 % of the rows are answered
 * right by one of two equal adapters alone.
 */
import { judge, type Evaluation, type Judged } from '../src/evaluation/gates.ts';
import type { ExamMark, ExamSheet } from '../src/evaluation/exam.ts';
import { clopperPearson } from '../src/statistics/intervals.ts';
import { seededUniform } from '../src/statistics/random.ts';
import { taskRules } from '../src/tasks/index.ts';
import type { BenchRow } from './row.ts';

export type Judge = (input: Judged) => Pick<Evaluation, 'verdict'>;

const ALPHA = 0.05;
const SPEC: Judged['spec'] = { rule: 'superior', margin: 0.03, metric: 'accuracy', alpha: ALPHA, maxForgetting: 0.03 };
const RULES = taskRules('classification');
const EASY = 0.78;
const OPEN = 0.2;

type Kind = 'easy' | 'open' | 'never';

const kindOf = (u: number): Kind => (u < EASY ? 'easy' : u < EASY + OPEN ? 'open' : 'never');

/** A score on a row of this kind for an adapter that is `lead` (a share of all rows) better than the mean one. */
function scoreOn(kind: Kind, lead: number, uniform: () => number): number {
  return kind === 'easy' || (kind === 'open' && uniform() < 0.5 + lead / OPEN) ? 1 : 0;
}

const mark = (id: number, window: boolean, score: number): ExamMark => ({ id: String(id), label: 'a', window, predicted: score ? 'a' : 'b', confidence: 1, score });

/** Share of runs that end in each verdict when the challenger's lead is `lead`, on `n` rows of the window and as many older ones. */
export function singleRuns(judged: Judge, options: { n: number; lead: number; repeats: number; seed: number }): Record<Evaluation['verdict'], number> {
  const uniform = seededUniform(options.seed);
  const verdicts = { promote: 0, reject: 0, 'not-enough-evidence': 0 };
  for (let i = 0; i < options.repeats; i += 1) {
    const [challenger, champion]: [ExamMark[], ExamMark[]] = [[], []];
    for (let id = 0; id < 2 * options.n; id += 1) {
      const kind = kindOf(uniform());
      challenger.push(mark(id, id < options.n, scoreOn(kind, options.lead, uniform)));
      champion.push(mark(id, id < options.n, scoreOn(kind, 0, uniform)));
    }
    verdicts[judged({ rules: RULES, spec: SPEC, challenger: { rows: challenger }, champion: { rows: champion }, majority: 'b' }).verdict] += 1 / options.repeats;
  }
  return verdicts;
}

/**
 * Chains of runs on one exam that grows by `fresh` rows a run, of which the newest `window` are current. Every challenger is exactly as
 * good as every other, so every promotion is false; the champion keeps the answers that got it promoted.
 */
export function chainedRuns(judged: Judge, options: { chains: number; runs: number; fresh: number; window: number; seed: number }): { promotions: number; runs: number } {
  const uniform = seededUniform(options.seed);
  let promotions = 0;
  for (let chain = 0; chain < options.chains; chain += 1) {
    const kinds: Kind[] = [];
    let champion: number[] = [];
    for (let run = 0; run < options.runs; run += 1) {
      for (let i = 0; i < options.fresh; i += 1) kinds.push(kindOf(uniform()));
      while (champion.length < kinds.length) champion.push(scoreOn(kinds[champion.length]!, 0, uniform));
      const challenger = kinds.map((kind) => scoreOn(kind, 0, uniform));
      const sheet = (scores: number[]): ExamSheet => ({ rows: scores.map((score, id) => mark(id, id >= kinds.length - options.window, score)) });
      if (judged({ rules: RULES, spec: SPEC, challenger: sheet(challenger), champion: sheet(champion), majority: 'b' }).verdict !== 'promote') continue;
      promotions += 1;
      champion = challenger;
    }
  }
  return { promotions, runs: options.chains * options.runs };
}

/** All rows of the table. A false-promotion row is reached when its rate is not shown above alpha with 99 % confidence. */
export function gates(options: { repeats: number; chains: number; seed: number }): BenchRow[] {
  const { repeats, seed } = options;
  const rows: BenchRow[] = [];
  const atMostAlpha = (hits: number, n: number) => clopperPearson(hits, n, 0.98).low <= ALPHA;
  for (const n of [500, 1000, 2000]) {
    const level = { n, repeats, seed: seed + n };
    const equal = singleRuns(judge, { ...level, lead: 0 }).promote;
    const worse = singleRuns(judge, { ...level, lead: -0.01 }).promote;
    const better = singleRuns(judge, { ...level, lead: 0.04 }).promote;
    const much = singleRuns(judge, { ...level, lead: -0.04 });
    rows.push(row(`promoted, challenger equal, ${n} rows`, equal, `<= ${ALPHA}`, atMostAlpha(Math.round(equal * repeats), repeats)));
    rows.push(row(`promoted, challenger 1 point worse, ${n} rows`, worse, `<= ${ALPHA}`, atMostAlpha(Math.round(worse * repeats), repeats)));
    rows.push(row(`promoted, challenger 4 points better, ${n} rows`, better, n === 500 ? '>= 0.75' : '>= 0.9', better >= (n === 500 ? 0.75 : 0.9)));
    rows.push(row(`rejected, challenger 4 points worse, ${n} rows`, much.reject, n === 500 ? '>= 0.75' : '>= 0.9', much.reject >= (n === 500 ? 0.75 : 0.9)));
  }
  const { promotions, runs } = chainedRuns(judge, { chains: options.chains, runs: 50, fresh: 100, window: 1000, seed });
  rows.push(row(`false promotions a run, ${options.chains} chains of 50 runs, exam growing by 100 rows, 1,000 current`, promotions / runs, `<= ${ALPHA}`, atMostAlpha(promotions, runs)));
  return rows;
}

function row(name: string, figure: number, goal: string, reached: boolean): BenchRow {
  return { name: `gates: ${name}`, figure: Number(figure.toFixed(4)), unit: 'share', goal, reached };
}

function main(args: readonly string[]): void {
  const value = (name: string, standard: number) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : standard);
  const rows = gates({ repeats: value('--repeats', 2000), chains: value('--chains', 100), seed: 1 });
  if (args.includes('--json')) console.log(JSON.stringify(rows));
  else console.table(rows);
}

if (import.meta.main) main(process.argv.slice(2));
