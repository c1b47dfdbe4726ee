/** Gates of scores between 0 and 1, and what the first adapter of each task has to beat. */
import { describe, expect, test } from 'vitest';
import { markExam, type ExamMark, type ExamSheet } from '../../src/evaluation/exam.ts';
import { judge } from '../../src/evaluation/gates.ts';
import { parseSpec, rulesOf } from '../../src/spec.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { documentDigest } from '../../src/tasks/index.ts';

const specOf = (task: string, over: object = {}) => parseSpec({ name: 'm', task, ...over });

function setUp(task: string, gates: object = {}) {
  const spec = specOf(task, { gates });
  return { spec: spec.gates, rules: rulesOf(spec) };
}

/** Scores of both adapters on `n` rows: the challenger's is the champion's plus `lead`, where there is room. */
function sheets(n: number, lead: number, seed: number, window = true): { challenger: ExamSheet; champion: ExamSheet } {
  const uniform = seededUniform(seed);
  const [challenger, champion]: [ExamMark[], ExamMark[]] = [[], []];
  for (let i = 0; i < n; i += 1) {
    const row = { id: `${window}-${i}`, label: '[]', window, predicted: '[]', confidence: 0.5 };
    const [now, then] = [uniform(), uniform()];
    champion.push({ ...row, score: Math.round(8 * then) / 8 });
    challenger.push({ ...row, score: Math.round(8 * Math.min(1, Math.max(0, now + lead))) / 8 });
  }
  return { challenger: { rows: challenger }, champion: { rows: champion } };
}

describe('scores between 0 and 1', () => {
  const common = { ...setUp('extraction'), majority: '[]' };

  test('a lead is shown by the sign-flip test, in words that name the metric', () => {
    const evaluation = judge({ ...common, ...sheets(400, 0.15, 1) });
    expect(evaluation).toMatchObject({ verdict: 'promote', metric: 'spanF1', gates: [{ name: 'superior', result: 'pass', margin: 0, n: 400 }, { name: 'forgetting', result: 'not-applicable' }] });
    expect(evaluation.reason).toMatch(/\+\d+\.\d points of spanF1 against the champion on 400 rows of the window .*; better on \d+, worse on \d+\): better than the champion, p = /);
    const [gate] = evaluation.gates;
    expect(gate?.interval?.[0]).toBeGreaterThan(0);
    expect(gate?.estimate).toBeCloseTo(evaluation.challenger.score - (evaluation.champion?.score ?? 0), 9);
    expect(gate?.interval?.[0]).toBeLessThan(gate?.estimate ?? 0);
    expect(gate?.interval?.[1]).toBeGreaterThan(gate?.estimate ?? 0);
  });

  test('no lead is no evidence, a loss is a rejection, and both the other way round', () => {
    expect(judge({ ...common, ...sheets(200, 0, 2) }).verdict).toBe('not-enough-evidence');
    const { challenger, champion } = sheets(400, 0.15, 3);
    expect(judge({ ...common, challenger: champion, champion: challenger }).verdict).toBe('reject');
  });

  test('about as many rows as it asks for do show a lead', () => {
    const few = judge({ ...common, ...sheets(60, 0.06, 4) });
    expect(few.verdict).toBe('not-enough-evidence');
    expect(judge({ ...common, ...sheets(Math.ceil(1.3 * (few.rowsNeeded ?? 0)), 0.06, 5) }).verdict).toBe('promote');
  });

  test('equal challengers are promoted in at most alpha of the runs', () => {
    let promoted = 0;
    for (let seed = 1; seed <= 100; seed += 1) promoted += Number(judge({ ...common, ...sheets(40, 0, 100 + seed) }).verdict === 'promote');
    // 5 expected; 13 would be chance once in a thousand
    expect(promoted).toBeLessThan(13);
  });

  test('nonInferior and forgetting hold their margins', () => {
    const rule = { ...setUp('extraction', { rule: 'nonInferior', margin: 0.1, maxForgetting: 0.05 }), majority: '[]' };
    const { challenger, champion } = sheets(900, 0, 6);
    const forgotten = sheets(600, -0.2, 7, false);
    const kept = judge({ ...rule, challenger, champion });
    expect(kept).toMatchObject({ verdict: 'promote', gates: [{ result: 'unproven' }, { name: 'nonInferior', result: 'pass' }, { result: 'not-applicable' }] });
    const lost = judge({ ...rule, challenger: { rows: [...challenger.rows, ...forgotten.challenger.rows] }, champion: { rows: [...champion.rows, ...forgotten.champion.rows] } });
    expect(lost).toMatchObject({ verdict: 'reject', gates: [{}, {}, { name: 'forgetting', result: 'fail' }] });
  });

  test('judged again, in any order of rows, it is the same', () => {
    const { challenger, champion } = sheets(150, 0.1, 8);
    const evaluation = judge({ ...common, challenger, champion });
    expect(judge({ ...common, challenger: { rows: [...challenger.rows].reverse() }, champion })).toEqual(evaluation);
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });
});

describe('the first adapter has to beat', () => {
  const spans = (found: boolean) => (found ? '[{"start":0,"end":1,"label":"a"}]' : '[]');

  test('no spans: of an extraction that finds what is there', () => {
    const { spec, rules } = setUp('extraction');
    const exam = Array.from({ length: 40 }, (_, i) => ({ id: `${i}`, label: spans(i % 4 > 0), window: true }));
    const mark = (answer: (i: number) => string) => markExam({ exam, predictions: exam.map(({ id }, i) => ({ id, label: answer(i), confidence: 1 })), rules, metric: spec.metric });
    const good = judge({ spec, rules, challenger: mark((i) => spans(i % 4 > 0)), champion: null, majority: '[]' });
    expect(good).toMatchObject({ verdict: 'promote', reason: expect.stringContaining('against always answering no spans') as string });
    expect(judge({ spec, rules, challenger: mark(() => '[]'), champion: null, majority: '[]' }).verdict).toBe('not-enough-evidence');
  });

  test('the base alone: of an embedding, and its sheet must be there', () => {
    const { spec, rules } = setUp('embedding');
    const documents = Array.from({ length: 20 }, (_, i) => `document ${i}`);
    const exam = documents.map((label, i) => ({ id: `${i}`, label, window: true }));
    const ranking = (i: number, rank: number) => {
      const others = documents.filter((_, j) => j !== i).slice(0, 9).map(documentDigest);
      others.splice(rank - 1, 0, documentDigest(documents[i] as string));
      return JSON.stringify(others.slice(0, 10));
    };
    const mark = (rank: number) => markExam({ exam, predictions: exam.map(({ id }, i) => ({ id, label: ranking(i, rank), confidence: 1 })), rules, metric: spec.metric });
    const judged = { spec, rules, champion: null, majority: null };
    expect(judge({ ...judged, challenger: mark(1), floor: mark(2) })).toMatchObject({ verdict: 'promote', reason: expect.stringContaining('points of nDCG@10 against the base alone') as string });
    expect(judge({ ...judged, challenger: mark(3), floor: mark(2) }).verdict).toBe('reject');
    expect(() => judge({ ...judged, challenger: mark(1) })).toThrow('let the base sit the exam');
  });
});
