/**
 * The gates: whether the challenger goes live, from two exam sheets over the same rows. Pure and deterministic, so a
 * decision record can be judged again.
 *
 * The null that alpha speaks of: the challenger's expected score on the current window is at most the champion's. Exam
 * reuse over chained runs keeps it: a challenger never saw the exam, and a champion that was lucky on it is only harder to beat.
 */
import { TrimtabError } from '../errors.ts';
import type { ModelSpec } from '../spec.ts';
import type { TaskRules } from '../tasks/index.ts';
import type { GateResult, Verdict } from '../vocabulary.ts';
import { align, compare, type Comparison } from './comparison.ts';
import type { ExamSheet } from './exam.ts';
import { standing, type Standing } from './standing.ts';
import { floorOf, points, probability, range, rows as rowsOf, signed, type Floor } from './words.ts';

export type { Standing } from './standing.ts';
export type GateName = 'majority' | 'superior' | 'nonInferior' | 'forgetting';

/** One check of the exam's result. Differences are challenger minus champion, as shares. */
export interface Gate {
  readonly name: GateName;
  readonly result: GateResult;
  /** Sum of the differences of scores; of 0/1 scores: rows on which only the challenger was right, minus rows on which only the other was. */
  readonly statistic: number;
  readonly p: number | null;
  readonly estimate: number | null;
  /** Two-sided at 1 - 2 alpha: each bound alone holds at 1 - alpha. */
  readonly interval: readonly [number, number] | null;
  readonly margin: number;
  readonly n: number;
  readonly why: string;
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** One sentence for a person. */
  readonly reason: string;
  readonly rule: ModelSpec['gates']['rule'];
  readonly metric: string;
  readonly alpha: number;
  readonly gates: readonly Gate[];
  readonly champion: Standing | null;
  readonly challenger: Standing;
  /** Rows of the window on which the challenger (`better`) or the other (`worse`) scored higher. */
  readonly flipped: { readonly better: number; readonly worse: number };
  /** About how many window rows would show what the rule asks for at the observed difference; null when decided, or when none would. */
  readonly rowsNeeded: number | null;
}

export interface Judged {
  readonly spec: ModelSpec['gates'];
  /** Of the model's task. */
  readonly rules: TaskRules;
  readonly challenger: ExamSheet;
  /** null for the first adapter, which must beat the floor. */
  readonly champion: ExamSheet | null;
  /** The trivial answer to every row; null where the task has none. */
  readonly majority: string | null;
  /** The sheet of the base without adapter, where there is no trivial answer. */
  readonly floor?: ExamSheet | null;
}

/** Judges a challenger. @throws TrimtabError `bad-data` when the sheets are not of the same exam, or there is nothing to beat */
export function judge(judged: Judged): Evaluation {
  const { spec, rules, challenger, champion } = judged;
  const pairs = align(challenger.rows, (champion ?? floorSheet(judged)).rows);
  const current = compare(pairs.filter(([row]) => row.window));
  const gates = champion === null
    ? [superiority('majority', current, spec.alpha, floorOf(rules).thing)]
    : [
        superiority('superior', current, spec.alpha, 'the champion'),
        ...(spec.rule === 'nonInferior' ? [nonInferiority(current, spec)] : []),
        forgetting(compare(pairs.filter(([row]) => !row.window)), spec),
      ];
  const verdict = decide(gates);
  const margin = champion !== null && spec.rule === 'nonInferior' ? spec.margin : 0;
  const needed = verdict === 'not-enough-evidence' && current.n > 0 ? current.rowsNeeded(spec.alpha, margin) : null;
  return {
    verdict,
    reason: explain({ verdict, gates, current, margin, needed, metric: spec.metric, floor: floorOf(rules) }),
    rule: spec.rule,
    metric: spec.metric,
    alpha: spec.alpha,
    gates,
    champion: champion && standing(champion),
    challenger: standing(challenger),
    flipped: { better: current.better, worse: current.worse },
    rowsNeeded: needed,
  };
}

/** Shown worse anywhere: reject. Everything that must be shown is shown: promote. */
function decide(gates: readonly Gate[]): Verdict {
  if (gates.some((gate) => gate.result === 'fail')) return 'reject';
  // Under nonInferior the superior gate stands only for its power to reject; the forgetting gate never has to be proven.
  const mustPass = gates.find((gate) => gate.name === 'nonInferior') ?? gates[0];
  return mustPass?.result === 'pass' ? 'promote' : 'not-enough-evidence';
}

function superiority(name: 'majority' | 'superior', counts: Comparison, alpha: number, against: string): Gate {
  const facts = { name, margin: 0, ...measured(counts, alpha) };
  if (counts.n === 0) return { ...facts, result: 'not-applicable', p: null, why: 'no exam rows lie in the window' };
  const superior = counts.superior();
  if (superior <= alpha) return { ...facts, result: 'pass', p: superior, why: `better than ${against}, p = ${probability(superior)}` };
  const inferior = counts.inferior();
  if (inferior <= alpha) return { ...facts, result: 'fail', p: superior, why: `worse than ${against}, p = ${probability(inferior)}` };
  return { ...facts, result: 'unproven', p: superior, why: `neither better nor worse than ${against} could be shown, p = ${probability(superior)}` };
}

function nonInferiority(counts: Comparison, { alpha, margin }: ModelSpec['gates']): Gate {
  return withinMargin('nonInferior', counts, alpha, margin, 'the window');
}

function forgetting(counts: Comparison, { alpha, maxForgetting }: ModelSpec['gates']): Gate {
  return withinMargin('forgetting', counts, alpha, maxForgetting, 'older exam rows');
}

/** Pass and fail both have to be shown; in between the gate is unproven. */
function withinMargin(name: 'nonInferior' | 'forgetting', counts: Comparison, alpha: number, margin: number, where: string): Gate {
  const facts = { name, margin, p: null, ...measured(counts, alpha) };
  if (facts.interval === null) return { ...facts, result: 'not-applicable', why: `there are no rows: ${where}` };
  const [lower, upper] = facts.interval;
  const seen = `${signed(facts.estimate)} points on ${where} (${range(facts.interval)}), allowed -${points(margin)}`;
  if (lower > -margin) return { ...facts, result: 'pass', why: seen };
  if (upper < -margin) return { ...facts, result: 'fail', why: seen };
  return { ...facts, result: 'unproven', why: `${seen}: too few rows to show either` };
}

function measured(counts: Comparison, alpha: number) {
  if (counts.n === 0) return { statistic: 0, n: 0, estimate: null, interval: null };
  return { statistic: counts.sum, n: counts.n, ...counts.measure(1 - 2 * alpha) };
}

interface Explained {
  readonly verdict: Verdict;
  readonly gates: readonly Gate[];
  readonly current: Comparison;
  readonly margin: number;
  readonly needed: number | null;
  readonly metric: string;
  readonly floor: Floor;
}

function explain({ verdict, gates, current, margin, needed, metric, floor }: Explained): string {
  const [first] = gates;
  if (!first || first.estimate === null || first.interval === null) {
    const failed = gates.find((gate) => gate.result === 'fail');
    return failed ? `The challenger forgot: ${failed.why}.` : 'No exam row lies in the current window, so nothing could be shown.';
  }
  const against = first.name === 'majority' ? floor.doing : 'the champion';
  const of = metric === 'accuracy' ? 'points' : `points of ${metric}`;
  const rows = current.binary ? `right alone on ${current.better}, wrong alone on ${current.worse}` : `better on ${current.better}, worse on ${current.worse}`;
  const lead = `${signed(first.estimate)} ${of} against ${against} on ${rowsOf(first.n)} of the window (${range(first.interval)}; ${rows}): ${first.why}`;
  const rest = gates.slice(1).filter((gate) => gate.result !== 'not-applicable').map((gate) => `; ${gate.name} ${gate.result}: ${gate.why}`).join('');
  switch (verdict) {
    case 'promote':
      return `The challenger is ${first.result === 'pass' ? 'better' : 'not worse than the margin allows'}: ${lead}${rest}.`;
    case 'reject':
      return `The challenger is ${first.result === 'fail' ? 'worse' : 'not good enough'}: ${lead}${rest}.`;
    case 'not-enough-evidence':
      return `Not enough evidence: ${lead}; ${outlook(margin, needed)}${rest}.`;
  }
}

/** What more rows could do. */
function outlook(margin: number, needed: number | null): string {
  const goal = margin === 0 ? 'ahead' : `within the margin of ${points(margin)} points`;
  return needed === null ? `the challenger is not ${goal}, so more rows like these would not show it` : `at this difference about ${rowsOf(needed)} would show it ${goal}`;
}

/** What the first adapter must beat: the trivial answer to every row, else the base alone. */
function floorSheet({ spec, rules, challenger, majority, floor }: Judged): ExamSheet {
  if (majority !== null) {
    return { rows: challenger.rows.map((row) => ({ ...row, predicted: majority, confidence: 1, score: rules.score(row.label, majority, spec.metric) })) };
  }
  if (floor) return floor;
  throw new TrimtabError('bad-data', { what: 'the exam of a first adapter', problem: `${rules.task} has no trivial answer to beat`, right: 'let the base sit the exam without an adapter' });
}
