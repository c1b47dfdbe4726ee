import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markExam, type ExamMark, type ExamSheet } from '../../src/evaluation/exam.ts';
import { judge, type Judged } from '../../src/evaluation/gates.ts';
import { parseSpec, type ModelSpec } from '../../src/spec.ts';
import { taskRules } from '../../src/tasks/index.ts';

const RULES = taskRules('classification');

const spec = (gates: Partial<ModelSpec['gates']> = {}) => parseSpec({ name: 'm', task: 'classification', gates }).gates;

interface Part {
  both?: number;
  better?: number;
  worse?: number;
  none?: number;
}

/** Champion and challenger on so many rows of each kind, in the window and before it. */
function sheets(window: Part, older: Part = {}): { challenger: ExamSheet; champion: ExamSheet } {
  const [challenger, champion]: [ExamMark[], ExamMark[]] = [[], []];
  const add = (part: Part, current: boolean) => {
    for (const [kind, count] of Object.entries(part) as [keyof Part, number][]) {
      for (let i = 0; i < count; i += 1) {
        const row = (right: boolean): ExamMark => ({ id: `${current}-${kind}-${i}`, label: 'a', window: current, predicted: right ? 'a' : 'b', confidence: 0.9, score: right ? 1 : 0 });
        challenger.push(row(kind === 'both' || kind === 'better'));
        champion.push(row(kind === 'both' || kind === 'worse'));
      }
    }
  };
  add(window, true);
  add(older, false);
  return { challenger: { rows: challenger }, champion: { rows: champion.reverse() } };
}

const judged = (window: Part, older: Part = {}, gates: Partial<ModelSpec['gates']> = {}) => judge({ rules: RULES, spec: spec(gates), majority: 'b', ...sheets(window, older) });
const results = (evaluation: ReturnType<typeof judge>) => Object.fromEntries(evaluation.gates.map((gate) => [gate.name, gate.result]));

describe('rule superior', () => {
  test('a challenger that is shown better is promoted, with the numbers in the reason', () => {
    const evaluation = judged({ both: 850, better: 70, worse: 30, none: 50 }, { both: 900, better: 20, worse: 20, none: 60 });
    expect(evaluation.verdict).toBe('promote');
    expect(results(evaluation)).toEqual({ superior: 'pass', forgetting: 'pass' });
    expect(evaluation.reason).toMatch(/is better: \+4\.0 points against the champion on 1,000 rows of the window .*right alone on 70, wrong alone on 30.*p = .*forgetting pass/);
    expect(evaluation).toMatchObject({ flipped: { better: 70, worse: 30 }, metric: 'accuracy', champion: { score: 0.88, n: 1000, older: { score: 0.92, n: 1000 } }, challenger: { score: 0.92, n: 1000 }, rowsNeeded: null });
  });

  test('a small lead is not enough evidence, and the reason says about how many rows it needs', () => {
    const evaluation = judged({ both: 400, better: 25, worse: 20, none: 55 });
    expect(evaluation.verdict).toBe('not-enough-evidence');
    expect(results(evaluation)).toEqual({ superior: 'unproven', forgetting: 'not-applicable' });
    expect(evaluation.rowsNeeded).toBeGreaterThan(4000);
    expect(evaluation.reason).toContain(`about ${evaluation.rowsNeeded!.toLocaleString('en-US')} rows`);
  });

  test('a challenger that is behind, but not shown so, is told that more rows would not help', () => {
    const evaluation = judged({ both: 400, better: 20, worse: 25, none: 55 });
    expect(evaluation).toMatchObject({ verdict: 'not-enough-evidence', rowsNeeded: null });
    expect(evaluation.reason).toContain('not ahead');
  });

  test('a challenger that is shown worse is rejected', () => {
    const evaluation = judged({ both: 850, better: 30, worse: 70, none: 50 });
    expect(evaluation).toMatchObject({ verdict: 'reject' });
    expect(evaluation.reason).toMatch(/worse: -4\.0 points/);
  });

  test('a better challenger that is shown to forget more than allowed is rejected', () => {
    const evaluation = judged({ both: 850, better: 70, worse: 30, none: 50 }, { both: 500, better: 5, worse: 60, none: 35 });
    expect(evaluation.verdict).toBe('reject');
    expect(results(evaluation)).toEqual({ superior: 'pass', forgetting: 'fail' });
    expect(evaluation.reason).toMatch(/not good enough: .*forgetting fail: -9\.2 points on older exam rows .*allowed -3\.0/);
  });

  test('forgetting that few rows cannot show either way is listed and does not block', () => {
    const evaluation = judged({ both: 850, better: 70, worse: 30, none: 50 }, { both: 40, better: 2, worse: 3, none: 5 });
    expect(evaluation.verdict).toBe('promote');
    expect(results(evaluation)).toEqual({ superior: 'pass', forgetting: 'unproven' });
    expect(evaluation.reason).toContain('forgetting unproven');
  });

  test('one point is alpha\'s edge: 5 wins of 5 are shown, 4 of 4 are not', () => {
    expect(judged({ better: 5 }).verdict).toBe('promote');
    expect(judged({ better: 4 }).verdict).toBe('not-enough-evidence');
    expect(judged({ better: 5 }, {}, { alpha: 0.03 }).verdict).toBe('not-enough-evidence');
  });

  test('no rows in the window: nothing can be shown, though forgetting still can', () => {
    expect(judged({}, { both: 50 })).toMatchObject({ verdict: 'not-enough-evidence', reason: expect.stringContaining('No exam row') });
    expect(judged({}, { both: 400, worse: 100 })).toMatchObject({ verdict: 'reject', reason: expect.stringContaining('forgot') });
    expect(judged({}, {})).toMatchObject({ verdict: 'not-enough-evidence' });
  });
});

describe('rule nonInferior', () => {
  const rule = { rule: 'nonInferior', margin: 0.03 } as const;

  test('an equal challenger goes live on enough rows, not on few', () => {
    expect(judged({ both: 900, better: 20, worse: 20, none: 60 }, {}, rule)).toMatchObject({ verdict: 'promote', reason: expect.stringContaining('not worse than the margin allows') });
    const few = judged({ both: 90, better: 3, worse: 3, none: 4 }, {}, rule);
    expect(few.verdict).toBe('not-enough-evidence');
    expect(few.reason).toContain(`about ${few.rowsNeeded} rows would show it within the margin of 3.0 points`);
    // About as many rows as it asks for do show it.
    const share = Math.ceil(0.03 * few.rowsNeeded!);
    expect(judged({ both: Math.ceil(1.2 * few.rowsNeeded!), better: share, worse: share }, {}, rule).verdict).toBe('promote');
    expect(judged({ both: 90, better: 0, worse: 4 }, {}, rule)).toMatchObject({ verdict: 'not-enough-evidence', rowsNeeded: null, reason: expect.stringContaining('not within the margin') });
  });

  test('one that is shown worse is rejected, even within the margin', () => {
    const evaluation = judged({ both: 9000, better: 100, worse: 160, none: 740 }, {}, rule);
    expect(results(evaluation)).toMatchObject({ superior: 'fail', nonInferior: 'pass' });
    expect(evaluation.verdict).toBe('reject');
  });
});

describe('the first adapter', () => {
  const first = (right: number, majorityRight: number, both = 0) => {
    const rows: ExamMark[] = [];
    const add = (count: number, label: string, score: number) => {
      for (let i = 0; i < count; i += 1) rows.push({ id: `${label}-${score}-${i}`, label, window: true, predicted: score ? label : 'other', confidence: 1, score });
    };
    add(right, 'rare', 1);
    add(majorityRight, 'most', 0);
    add(both, 'most', 1);
    return judge({ rules: RULES, spec: spec(), challenger: { rows }, champion: null, majority: 'most' });
  };

  test('must beat the majority class', () => {
    expect(first(80, 5, 40)).toMatchObject({ verdict: 'promote', champion: null, gates: [{ name: 'majority', result: 'pass' }] });
    expect(first(80, 5, 40).reason).toContain('always answering the majority class');
    expect(first(10, 9, 40)).toMatchObject({ verdict: 'not-enough-evidence' });
    expect(first(5, 60)).toMatchObject({ verdict: 'reject' });
  });
});

test('the verdict depends on the counts alone: not on order, and it is JSON', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(40), (better, worse, olderBetter, olderWorse) => {
      const { challenger, champion } = sheets({ both: 50, better, worse }, { both: 20, better: olderBetter, worse: olderWorse });
      const input: Judged = { rules: RULES, spec: spec(), majority: 'b', challenger, champion };
      const evaluation = judge(input);
      expect(judge({ ...input, challenger: { rows: [...challenger.rows].reverse() } })).toEqual(evaluation);
      expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
      // Who is promoted cannot be rejected when the two change places the other way round.
      if (evaluation.verdict === 'promote') expect(judge({ ...input, challenger: champion, champion: challenger }).verdict).toBe('reject');
    }),
  );
});

test('sheets of different exams are refused', () => {
  const { challenger, champion } = sheets({ both: 3 });
  const refused = (rows: ExamMark[]) => expect(() => judge({ rules: RULES, spec: spec(), majority: 'b', challenger, champion: { rows } })).toThrow(/both must sit the same exam/);
  refused(champion.rows.slice(1));
  refused([...champion.rows, { ...champion.rows[0]!, id: 'more' }]);
  refused(champion.rows.map((row) => ({ ...row, label: 'changed' })));
});

describe('markExam', () => {
  const exam = [{ id: '1', label: 'a', window: true }, { id: '2', label: 'new', window: false }];
  const prediction = (id: string, label: string) => ({ id, label, confidence: 0.5, loss: null });

  test('marks by id; a label that the adapter cannot know is its error', () => {
    const { rows } = markExam({ exam, predictions: [prediction('2', 'a'), prediction('1', 'a')], rules: RULES, metric: 'accuracy' });
    expect(rows.map((row) => [row.id, row.predicted, row.score])).toEqual([['1', 'a', 1], ['2', 'a', 0]]);
  });

  test.each([[[prediction('1', 'a')]], [[prediction('1', 'a'), prediction('1', 'a')]], [[prediction('1', 'a'), prediction('2', 'a'), prediction('3', 'a')]]])('refuses missing, repeated and strange predictions', (predictions) => {
    expect(() => markExam({ exam, predictions, rules: RULES, metric: 'accuracy' })).toThrow(/exactly one prediction/);
  });

  test('refuses a metric that is not there', () => {
    expect(() => markExam({ exam, predictions: exam.map(({ id }) => prediction(id, 'a')), rules: RULES, metric: 'bleu' })).toThrow(/unknown for this task; it has: accuracy/);
  });
});
