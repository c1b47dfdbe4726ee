/**
 * The watch after a promotion: the adapter that was live before answers, in shadow, the same labelled rows. A paired e-process tests
 * "the live adapter is no worse"; once it crosses 1 / alpha the promotion was a mistake, however often we have looked.
 */
import type { Clock } from '../clock.ts';
import { observePaired, pairedEValue, pairedRejects, startPairedEProcess, type PairedEProcess } from '../statistics/paired-e-process.ts';
import { lockModel, transaction, type Pool } from '../store/postgres.ts';
import { appendWatchRows, unscoredRows, watchDifferences, type WatchedRow } from '../store/watch.ts';
import { HOUR } from '../vocabulary.ts';
import type { TaskRules } from '../tasks/index.ts';
import type { BuiltinTarget } from './targets/builtin.ts';

export interface WatchParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly target: Pick<BuiltinTarget, 'predict'>;
}

export interface WatchRequest {
  readonly run: string;
  readonly model: string;
  /** The adapter that went live. */
  readonly challenger: string;
  /** The adapter that was live before it. */
  readonly previous: string;
  /** Time of the promotion. */
  readonly since: Date;
  readonly alpha: number;
  readonly rules: TaskRules;
  readonly metric: string;
  /** What the last step returned; null for the first. */
  readonly state: WatchState | null;
}

/** JSON. It can always be computed again from the rows that were scored: a step that was lost is made up for by the next. */
export interface WatchState {
  /** ISO time up to which feedback has been read. */
  readonly cursor: string;
  readonly n: number;
  /** Rows on which the live adapter scored higher, and on which the previous one did. */
  readonly better: number;
  readonly worse: number;
  readonly eValue: number;
  /** `worse`: the live adapter is worse than the one before. Final. */
  readonly decided: null | 'worse';
  readonly process: PairedEProcess;
}

const PAGE_ROWS = 500;
/** A step stays short, so that a flood of labels cannot hold up the replica that makes it. */
const STEP_ROWS = 2_000;
/** Feedback of a transaction that was open for long becomes visible behind the cursor: look back this far. */
const LOOK_BACK_MS = HOUR;

/** Scores what has come since the last step, in order of arrival, and moves the e-process. Two replicas at once score a row once. */
export async function watchStep(parts: WatchParts, request: WatchRequest): Promise<WatchState> {
  const { run, model, challenger, since } = request;
  let state = await catchUp(parts, request, request.state ?? emptyWatch(since));
  for (let read = 0; read < STEP_ROWS && state.decided === null; read += PAGE_ROWS) {
    const from = new Date(Math.max(since.getTime(), Date.parse(state.cursor) - LOOK_BACK_MS));
    const rows = await unscoredRows(parts.pool, { runId: run, model, adapter: challenger, since, from, limit: PAGE_ROWS });
    if (rows.length > 0) await score(parts, request, rows);
    const cursor = rows.at(-1)?.matchedAt.toISOString() ?? state.cursor;
    state = await catchUp(parts, request, { ...state, cursor: cursor > state.cursor ? cursor : state.cursor });
    if (rows.length < PAGE_ROWS) break;
  }
  return state;
}

export function emptyWatch(since: Date): WatchState {
  return { cursor: since.toISOString(), n: 0, better: 0, worse: 0, eValue: 1, decided: null, process: startPairedEProcess() };
}

async function score(parts: WatchParts, request: WatchRequest, rows: readonly WatchedRow[]): Promise<void> {
  const { run, model, rules, metric } = request;
  const { previous, live } = await answers(parts, request, rows);
  const worth = (answer: string | undefined, truth: string) => (answer === undefined ? 0 : rules.score(truth, answer, metric));
  const scored = rows.map(({ feedbackId, label }, i) => ({ feedbackId, difference: worth(previous[i], label) - worth(live[i], label) }));
  await transaction(parts.pool, async (db) => {
    await lockModel(db, 'promotion', model, 'exclusive');
    await appendWatchRows(db, run, model, scored);
  });
}

/**
 * What both adapters answer. The live one has answered in production; but of a search only the digests of what it found are kept, so
 * both search the documents that turned out to be right for these rows.
 */
async function answers({ target }: WatchParts, { model, challenger, previous, rules }: WatchRequest, rows: readonly WatchedRow[]): Promise<{ previous: string[]; live: string[] }> {
  const texts = rows.map(({ text }) => text);
  const ask = async (adapter: string, documents?: readonly string[]) => (await target.predict(model, texts, { adapter, ...(documents ? { documents } : {}) })).rows.map(({ label }) => label);
  if (rules.task !== 'embedding') return { previous: await ask(previous), live: rows.map(({ predicted }) => predicted) };
  const documents = [...new Set(rows.map(({ label }) => label))];
  return { previous: await ask(previous, documents), live: await ask(challenger, documents) };
}

/** Bets on the rows that the state has not seen, one by one: the decision does not depend on how they were cut into steps. */
async function catchUp({ pool }: WatchParts, { run, alpha }: WatchRequest, state: WatchState): Promise<WatchState> {
  if (state.decided !== null) return state;
  return (await watchDifferences(pool, run, state.n)).reduce((before, difference) => bet(before, difference, alpha), state);
}

function bet(state: WatchState, difference: number, alpha: number): WatchState {
  if (state.decided !== null) return state;
  const process = observePaired(state.process, difference);
  return {
    cursor: state.cursor,
    n: state.n + 1,
    better: state.better + Number(difference < 0),
    worse: state.worse + Number(difference > 0),
    eValue: pairedEValue(process),
    decided: pairedRejects(process, alpha) ? 'worse' : null,
    process,
  };
}
