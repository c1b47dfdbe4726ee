/** Plays the plan: the same loop as in production, in virtual time, pane by pane. */
import { TrimtabError } from '../../errors.ts';
import type { Lockstep } from '../lockstep.ts';
import { ceilingAnswers, type CeilingParts } from './ceiling.ts';
import { createComparisons, type AnswerOf, type Comparisons } from './comparison.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { ReplayOptions } from './options.ts';
import { cutWindows, type Plan, type Stage, type Window } from './plan.ts';
import type { ReplayReport, WindowResult } from './report.ts';
import type { ReplayRow } from './rows.ts';
import type { Scoring } from './scoring.ts';
import { REPLAY_MODEL as MODEL } from './spec.ts';

/** Panes of the window on which a promoted challenger is compared with the champion that it replaced. */
const COMPARED_PANES = 3;

interface Play {
  readonly service: Lockstep;
  readonly options: ReplayOptions;
  readonly ceiling: CeilingParts;
  readonly ledger: Ledger;
  readonly comparisons: Comparisons;
  readonly answerOf: AnswerOf;
  readonly scoring: Scoring;
  readonly frozen: string;
  /** Labels that are still on their way: one list a pane. */
  readonly late: (readonly ReplayRow[])[];
  /** All rows that came so far, imported or sent. */
  readonly seen: ReplayRow[];
  readonly say: (text: string) => void;
}

/** Imports the initial rows, then plays all stages. @throws TrimtabError `conflict` when no first adapter went live */
export async function play(service: Lockstep, plan: Plan, options: ReplayOptions, ceiling: CeilingParts, say: (text: string) => void): Promise<ReplayReport> {
  const started = performance.now();
  const { scoring } = ceiling;
  const answerOf: AnswerOf = (adapter, texts) => service.answer(MODEL, adapter, texts, scoring.documents);
  const comparisons = createComparisons(COMPARED_PANES * options.paneRows, answerOf, scoring.score);
  const ledger = createLedger(service, comparisons, say);
  try {
    ledger.enter('initial');
    const frozen = await learnFirst(service, plan.initial, ledger, scoring);
    const state: Play = { service, options, ceiling, ledger, comparisons, answerOf, scoring, frozen, late: [], seen: [...plan.initial], say };
    const windows: WindowResult[] = [];
    for (const stage of plan.stages) windows.push(...(await playStage(state, stage)));
    return {
      windows,
      detections: plan.stages.map((stage) => ledger.detection(stage.name)),
      decisions: ledger.decisions(),
      successions: comparisons.results(),
      seconds: (performance.now() - started) / 1_000,
    };
  } finally {
    ledger.close();
  }
}

async function learnFirst(service: Lockstep, rows: readonly ReplayRow[], ledger: Ledger, scoring: Scoring): Promise<string> {
  const answer = await service.app.parts.ingest.importRows(MODEL, rows.map((row) => ({ id: row.id, ...scoring.text(row, 'text'), ...scoring.truth(row) })));
  if (answer.accepted !== rows.length) throw refusedRows('import', answer.refused);
  await service.nextPane();
  const live = await service.live(MODEL);
  if (live === null) {
    const [decision] = ledger.decisions();
    throw new TrimtabError('conflict', { problem: `the first ${rows.length} rows gave no live adapter: ${decision?.reason ?? 'no run started'}`, right: 'give more rows in the first stage' });
  }
  return live;
}

async function playStage(state: Play, stage: Stage): Promise<WindowResult[]> {
  const { ledger, say } = state;
  ledger.enter(stage.name);
  say(`${stage.name}: ${stage.rows.length} rows, ${stage.newRows} of them new (${stage.values.join(', ')})`);
  const windows = cutWindows(stage.rows, state.options.paneRows);
  const results: WindowResult[] = [];
  for (const third of [0, 1, 2]) {
    const own = windows.filter((window) => window.third === third);
    const asked = own.flatMap((window) => window.panes.flat());
    if (asked.length === 0) continue;
    const ceiling = state.options.ceiling ? await trainCeiling(state, `ceiling-${stage.name.replaceAll(' ', '-')}-${third + 1}`, asked) : null;
    for (const window of own) results.push(await playWindow(state, stage, window, windows.indexOf(window), ceiling));
  }
  return results;
}

/** What a model that is trained on all rows so far answers, by row. */
async function trainCeiling(state: Play, id: string, asked: readonly ReplayRow[]): Promise<ReadonlyMap<string, string>> {
  const answers = await ceilingAnswers(state.ceiling, id, state.seen, asked);
  return new Map(asked.map((row, i) => [row.id, answers[i] ?? '']));
}

async function playWindow(state: Play, stage: Stage, window: Window, index: number, ceiling: ReadonlyMap<string, string> | null): Promise<WindowResult> {
  const totals = { rows: 0, frozen: 0, loop: 0, ceiling: 0 };
  const adapters = new Set<string>();
  for (const pane of window.panes) {
    const { adapter, answers } = await playPane(state, pane);
    adapters.add(adapter);
    const frozen = adapter === state.frozen ? answers : await state.answerOf(state.frozen, pane.map((row) => row.text));
    const { score } = state.scoring;
    pane.forEach((row, i) => {
      totals.rows += 1;
      totals.frozen += score(row, frozen[i] ?? '');
      totals.loop += score(row, answers[i] ?? '');
      if (ceiling !== null) totals.ceiling += score(row, ceiling.get(row.id) ?? '');
    });
  }
  const share = (right: number) => `${(100 * right / totals.rows).toFixed(1)} %`;
  state.say(`${stage.name}, window ${index + 1}: frozen ${share(totals.frozen)}, loop ${share(totals.loop)}${ceiling === null ? '' : `, ceiling ${share(totals.ceiling)}`}`);
  return { stage: stage.name, third: window.third, window: index, ...totals, ceiling: ceiling === null ? null : totals.ceiling, adapters: [...adapters] };
}

/** One pane: the live adapter answers, the answers are logged, the labels that are due arrive, the service judges. */
async function playPane(state: Play, pane: readonly ReplayRow[]): Promise<{ adapter: string; answers: string[] }> {
  const { service, ledger, late, options, scoring } = state;
  const { ingest, target } = service.app.parts;
  const answer = await target.predict(MODEL, pane.map((row) => row.text), scoring.documents === undefined ? {} : { documents: scoring.documents });
  const logged = await ingest.predictions(answer.rows.flatMap((answered, i) => pane.slice(i, i + 1).map((row) => (
    { model: MODEL, id: row.id, ...scoring.text(row, 'input'), ...scoring.answer(answered), confidence: answered.confidence, adapter: answer.adapter }
  ))));
  if (logged.accepted !== pane.length) throw refusedRows('predictions', logged.refused);
  late.push(pane);
  while (late.length > options.feedbackDelay) {
    const told = await ingest.feedback((late.shift() ?? []).map((row) => ({ model: MODEL, predictionId: row.id, ...scoring.truth(row) })));
    if (told.refused.length > 0) throw refusedRows('feedback', told.refused);
  }
  state.seen.push(...pane);
  ledger.sent(pane.length);
  await state.comparisons.observe(pane);
  await service.nextPane();
  return { adapter: answer.adapter, answers: answer.rows.map((row) => row.label) };
}

function refusedRows(what: string, refused: readonly { reason: string }[]): TrimtabError {
  return new TrimtabError('bad-data', { what, problem: `${refused.length} rows were refused (${refused[0]?.reason ?? 'duplicates'})`, right: 'ids must be unique and texts not empty' });
}
