/** The exam of a run to read: the rows on which challenger and opponent differ, and how both did on each label. */
import { TrimtabError } from '../errors.ts';
import type { ExamMark, ExamSheet } from '../evaluation/exam.ts';
import type { DatasetManifest, ExamQuestionRow } from '../datasets/index.ts';
import type { EvaluationState } from '../runs/state.ts';
import { rulesOf, type ModelSpec } from '../spec.ts';
import { getDataset } from '../store/datasets.ts';
import { getModelVersion } from '../store/models.ts';
import { getJson, getLines, type ObjectStore } from '../store/objects/index.ts';
import type { Pool } from '../store/postgres.ts';
import { getRun } from '../store/runs.ts';

/** `better`: the challenger scored higher; `worse`: lower; `wrong`: the challenger was not entirely right, whatever the other did. */
export const EXAM_KINDS = ['better', 'worse', 'wrong'] as const;
export type ExamKind = (typeof EXAM_KINDS)[number];

export interface ExamAnswerView {
  readonly answer: string;
  /** Null for a trivial answer, which is sure of nothing. */
  readonly confidence: number | null;
  readonly score: number;
}

export interface ExamExample {
  readonly id: string;
  readonly text: string;
  readonly truth: string;
  /** Of the current window; the others are older rows. */
  readonly window: boolean;
  readonly opponent: ExamAnswerView;
  readonly challenger: ExamAnswerView;
}

export interface LabelScore {
  readonly label: string;
  readonly n: number;
  readonly opponent: number;
  readonly challenger: number;
}

export interface RunExam {
  readonly run: string;
  readonly metric: string;
  /** Whom the challenger met: the champion, the base alone, or the trivial answer to every row. */
  readonly opponent: 'champion' | 'base' | 'trivial';
  readonly rows: number;
  readonly better: number;
  readonly worse: number;
  readonly wrong: number;
  /** Of the kind that was asked for, those of the window first, the surest of the challenger's first. */
  readonly examples: readonly ExamExample[];
  /** Labels with most at stake first; empty where labels are of no closed set. */
  readonly byLabel: readonly LabelScore[];
}

export interface ExamAsk {
  readonly run: string;
  readonly kind: ExamKind;
  readonly limit: number;
}

const LABELS = 100;

/** @throws TrimtabError `not-found` while there is no such run, or it was not examined yet */
export async function runExam({ pool, objects }: { pool: Pool; objects: ObjectStore }, ask: ExamAsk): Promise<RunExam> {
  const run = await getRun(pool, ask.run);
  if (run === null) throw new TrimtabError('not-found', { what: 'run', id: ask.run });
  const evaluation = run.evaluation as EvaluationState | null;
  const manifest = run.dataset === null ? null : await getDataset<DatasetManifest>(pool, run.dataset);
  const version = await getModelVersion(pool, run.model, run.specVersion);
  if (evaluation === null || manifest === null || version === null) throw new TrimtabError('not-found', { what: 'exam of run', id: ask.run });
  const { spec } = version;
  const challenger = await getJson<ExamSheet>(objects, evaluation.basis.challengerSheet);
  const { opponent, sheet } = await opponentOf(objects, evaluation, spec, challenger);
  const texts = new Map((await getLines<ExamQuestionRow>(objects, manifest.exam)).map((row) => [row.id, row.text]));
  const pairs = challenger.rows.map((row, i) => [row, sheet.rows[i] as ExamMark] as const);
  const chosen = pairs.filter(PICK[ask.kind]).sort(([a], [b]) => Number(b.window) - Number(a.window) || b.confidence - a.confidence || (a.id < b.id ? -1 : 1));
  return {
    run: run.id, metric: evaluation.metric, opponent, rows: pairs.length,
    better: pairs.filter(PICK.better).length, worse: pairs.filter(PICK.worse).length, wrong: pairs.filter(PICK.wrong).length,
    examples: chosen.slice(0, ask.limit).map(([mine, other]) => ({
      id: mine.id, text: texts.get(mine.id) ?? '', truth: mine.label, window: mine.window,
      challenger: answerOf(mine), opponent: { ...answerOf(other), ...(opponent === 'trivial' ? { confidence: null } : {}) },
    })),
    byLabel: labelScores(pairs, spec),
  };
}

type Pair = readonly [challenger: ExamMark, opponent: ExamMark];

const PICK: Readonly<Record<ExamKind, (pair: Pair) => boolean>> = {
  better: ([mine, other]) => mine.score > other.score,
  worse: ([mine, other]) => mine.score < other.score,
  wrong: ([mine]) => mine.score < 1,
};

const answerOf = ({ predicted, confidence, score }: ExamMark): ExamAnswerView => ({ answer: predicted, confidence, score });

async function opponentOf(objects: ObjectStore, { basis }: EvaluationState, spec: ModelSpec, { rows }: ExamSheet): Promise<{ opponent: RunExam['opponent']; sheet: ExamSheet }> {
  if (basis.championSheet !== null) return { opponent: 'champion', sheet: await getJson<ExamSheet>(objects, basis.championSheet) };
  if (basis.floorSheet) return { opponent: 'base', sheet: await getJson<ExamSheet>(objects, basis.floorSheet) };
  const [trivial, rules] = [basis.majority ?? '', rulesOf(spec)];
  return { opponent: 'trivial', sheet: { rows: rows.map((row) => ({ ...row, predicted: trivial, confidence: 1, score: rules.score(row.label, trivial, spec.gates.metric) })) } };
}

function labelScores(pairs: readonly Pair[], spec: ModelSpec): LabelScore[] {
  const rules = rulesOf(spec);
  const sums = new Map<string, { n: number; opponent: number; challenger: number }>();
  for (const [mine, other] of pairs) {
    for (const label of new Set(rules.labelsIn(mine.label) ?? [])) {
      const sum = sums.get(label) ?? { n: 0, opponent: 0, challenger: 0 };
      sums.set(label, { n: sum.n + 1, opponent: sum.opponent + other.score, challenger: sum.challenger + mine.score });
    }
  }
  return [...sums]
    .sort(([a, x], [b, y]) => Math.abs(y.challenger - y.opponent) - Math.abs(x.challenger - x.opponent) || (a < b ? -1 : 1))
    .slice(0, LABELS)
    .map(([label, { n, opponent, challenger }]) => ({ label, n, opponent: opponent / n, challenger: challenger / n }));
}
