/**
 * The gates: whether the challenger goes live, from two exam sheets over the same rows. Pure and deterministic, so a
 * decision record can be judged again.
 *
 * The null that alpha speaks of: the challenger's expected score on the current window is at most the champion's. Exam
 * reuse over chained runs keeps it: a challenger never saw the exam, and a champion that was lucky on it is only harder to beat.
 */
import { TrimtabError } from '../errors.ts';
import type { ModelSpec } from '../spec.ts';
import { clopperPearson } from '../statistics/intervals.ts';
import { mcnemar, rowsNeeded, type PairedCounts } from '../statistics/mcnemar.ts';
import { pairedInterval } from '../statistics/paired-interval.ts';
import type { GateResult, Verdict } from '../vocabulary.ts';
import type { ExamMark, ExamSheet } from './exam.ts';
import { points, probability, range, rows as rowsOf, signed } from './words.ts';

export type GateName = 'majority' | 'superior' | 'nonInferior' | 'forgetting';

/** One check of the exam's result. Differences are challenger minus champion, as shares. */
export interface Gate {
  readonly name: GateName;
  readonly result: GateResult;
  /** Rows on which only the challenger was right, minus rows on which only the other was. */
  readonly statistic: number;
  readonly p: number | null;
  readonly estimate: number | null;
  /** Two-sided at 1 - 2 alpha: each bound alone holds at 1 - alpha. */
  readonly interval: readonly [number, number] | null;
  readonly margin: number;
  readonly n: number;
  readonly why: string;
}

/** On the rows of the window; `older` on the others. The interval is exact, two-sided at 95 %. */
export interface Standing {
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  readonly n: number;
  readonly older: { readonly accuracy: number; readonly n: number } | null;
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** One sentence for a person. */
  readonly reason: string;
  readonly rule: ModelSpec['gates']['rule'];
  readonly alpha: number;
  readonly gates: readonly Gate[];
  readonly champion: Standing | null;
  readonly challenger: Standing;
  /** Rows of the window on which only the challenger (`better`) or only the other (`worse`) was right. */
  readonly flipped: { readonly better: number; readonly worse: number };
  /** About how many window rows would show what the rule asks for at the observed difference; null when decided, or when none would. */
  readonly rowsNeeded: number | null;
}

export interface Judged {
  readonly spec: ModelSpec['gates'];
  readonly challenger: ExamSheet;
  /** null for the first adapter, which must beat the answer `majority` to every row. */
  readonly champion: ExamSheet | null;
  readonly majority: string;
}

/** Judges a challenger. @throws TrimtabError `bad-data` when the sheets are not of the same exam */
export function judge({ spec, challenger, champion, majority }: Judged): Evaluation {
  const other = champion ?? constantSheet(challenger, majority);
  const pairs = align(challenger.rows, other.rows);
  const current = tally(pairs.filter(([row]) => row.window));
  const gates = champion === null
    ? [superiority('majority', current, spec.alpha)]
    : [
        superiority('superior', current, spec.alpha),
        ...(spec.rule === 'nonInferior' ? [nonInferiority(current, spec)] : []),
        forgetting(tally(pairs.filter(([row]) => !row.window)), spec),
      ];
  const verdict = decide(gates);
  const margin = champion !== null && spec.rule === 'nonInferior' ? spec.margin : 0;
  const needed = verdict === 'not-enough-evidence' && current.n > 0 ? rowsNeeded(current, spec.alpha, margin) : null;
  return {
    verdict,
    reason: explain({ verdict, gates, current, margin, needed }),
    rule: spec.rule,
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

function superiority(name: 'majority' | 'superior', counts: PairedCounts, alpha: number): Gate {
  const { superior, inferior } = mcnemar(counts);
  const facts = { name, margin: 0, ...measured(counts, alpha) };
  const against = name === 'majority' ? 'the majority class' : 'the champion';
  if (counts.n === 0) return { ...facts, result: 'not-applicable', p: null, why: 'no exam rows lie in the window' };
  if (superior <= alpha) return { ...facts, result: 'pass', p: superior, why: `better than ${against}, p = ${probability(superior)}` };
  if (inferior <= alpha) return { ...facts, result: 'fail', p: superior, why: `worse than ${against}, p = ${probability(inferior)}` };
  return { ...facts, result: 'unproven', p: superior, why: `neither better nor worse than ${against} could be shown, p = ${probability(superior)}` };
}

function nonInferiority(counts: PairedCounts, { alpha, margin }: ModelSpec['gates']): Gate {
  return withinMargin('nonInferior', counts, alpha, margin, 'the window');
}

function forgetting(counts: PairedCounts, { alpha, maxForgetting }: ModelSpec['gates']): Gate {
  return withinMargin('forgetting', counts, alpha, maxForgetting, 'older exam rows');
}

/** Pass and fail both have to be shown; in between the gate is unproven. */
function withinMargin(name: 'nonInferior' | 'forgetting', counts: PairedCounts, alpha: number, margin: number, where: string): Gate {
  const facts = { name, margin, p: null, ...measured(counts, alpha) };
  if (facts.interval === null) return { ...facts, result: 'not-applicable', why: `there are no rows: ${where}` };
  const [lower, upper] = facts.interval;
  const seen = `${signed(facts.estimate)} points on ${where} (${range(facts.interval)}), allowed -${points(margin)}`;
  if (lower > -margin) return { ...facts, result: 'pass', why: seen };
  if (upper < -margin) return { ...facts, result: 'fail', why: seen };
  return { ...facts, result: 'unproven', why: `${seen}: too few rows to show either` };
}

function measured(counts: PairedCounts, alpha: number) {
  const { estimate, interval } = pairedInterval(counts, 1 - 2 * alpha);
  const empty = counts.n === 0;
  return { statistic: counts.better - counts.worse, n: counts.n, estimate: empty ? null : estimate, interval: empty ? null : interval };
}

interface Explained {
  readonly verdict: Verdict;
  readonly gates: readonly Gate[];
  readonly current: PairedCounts;
  readonly margin: number;
  readonly needed: number | null;
}

function explain({ verdict, gates, current, margin, needed }: Explained): string {
  const [first] = gates;
  if (!first || first.estimate === null || first.interval === null) {
    const failed = gates.find((gate) => gate.result === 'fail');
    return failed ? `The challenger forgot: ${failed.why}.` : 'No exam row lies in the current window, so nothing could be shown.';
  }
  const against = first.name === 'majority' ? 'always answering the majority class' : 'the champion';
  const lead = `${signed(first.estimate)} points against ${against} on ${rowsOf(first.n)} of the window (${range(first.interval)}; right alone on ${current.better}, wrong alone on ${current.worse}): ${first.why}`;
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

function standing({ rows }: ExamSheet): Standing {
  const current = rows.filter((row) => row.window);
  const older = rows.filter((row) => !row.window);
  const total = sum(current);
  const { low, high } = clopperPearson(total, current.length, 0.95);
  return {
    accuracy: current.length === 0 ? 0 : total / current.length,
    interval: current.length === 0 ? [0, 1] : [low, high],
    n: current.length,
    older: older.length === 0 ? null : { accuracy: sum(older) / older.length, n: older.length },
  };
}

function sum(rows: readonly ExamMark[]): number {
  return rows.reduce((total, row) => total + row.score, 0);
}

function constantSheet({ rows }: ExamSheet, answer: string): ExamSheet {
  return { rows: rows.map((row) => ({ ...row, predicted: answer, confidence: 1, score: row.label === answer ? 1 : 0 })) };
}

/** Rows of both sheets side by side. Sheets of different exams compared by position would decide on noise. */
function align(challenger: readonly ExamMark[], champion: readonly ExamMark[]): [ExamMark, ExamMark][] {
  const byId = new Map(champion.map((row) => [row.id, row]));
  const pairs = challenger.map((row): [ExamMark, ExamMark] => {
    const other = byId.get(row.id);
    if (!other || other.label !== row.label || other.window !== row.window) throw notTheSame(`row "${row.id}" differs`);
    return [row, other];
  });
  if (byId.size !== pairs.length) throw notTheSame(`${pairs.length} rows against ${byId.size}`);
  return pairs;
}

function notTheSame(problem: string): TrimtabError {
  return new TrimtabError('bad-data', { what: 'exam sheets of champion and challenger', problem, right: 'both must sit the same exam' });
}

function tally(pairs: readonly (readonly [ExamMark, ExamMark])[]): PairedCounts {
  let better = 0;
  let worse = 0;
  for (const [challenger, champion] of pairs) {
    if (challenger.score > champion.score) better += 1;
    if (challenger.score < champion.score) worse += 1;
  }
  return { n: pairs.length, better, worse };
}
