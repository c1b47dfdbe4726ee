/** `backtest MODEL --policy FILE`: stored history under another policy, beside what happened. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { messageOf, TrimtabError } from '../../errors.ts';
import { backtest as play, type Backtest, type Course } from '../../triggers/backtest.ts';
import { readArguments, requiredText, textOf, timeIn, type Arguments } from '../arguments.ts';
import { showFields, type Command, type Context } from '../command.ts';
import { withStore } from '../open.ts';

const usage = 'backtest MODEL --policy FILE [--from TIME] [--to TIME] [--change TIME ...] [--compare]';
const text = { type: 'string' } as const;

export const backtest: Command = {
  words: ['backtest'],
  usage,
  summary: 'what the sections monitor and retrain of FILE (YAML or JSON) would have made of the stored history: incidents, runs, labels, rows until a --change was seen; with --compare also what the detectors of other tools would have said',
  async run(args, context) {
    const parsed = readArguments(args, ['MODEL'], usage, { policy: text, from: text, to: text, change: { ...text, multiple: true }, compare: { type: 'boolean' } });
    const policy = await readPolicy(requiredText(parsed, 'policy', usage));
    const question = { model: parsed.positionals[0] ?? '', policy, from: timeOf(parsed, 'from') ?? new Date(0), to: timeOf(parsed, 'to') ?? new Date(), changes: changesOf(parsed), compare: parsed.values['compare'] === true };
    const found = await withStore(context.config(textOf(parsed, 'data')), ({ pool }) => play(pool, question));
    if (parsed.values['json'] === true) context.out(JSON.stringify(found));
    else show(context, found);
    return 0;
  },
};

/** YAML holds JSON. */
async function readPolicy(file: string): Promise<unknown> {
  const right = 'name a file with a model spec, or its sections monitor and retrain, in YAML or JSON';
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new TrimtabError('bad-request', { what: file, problem: messageOf(error), right });
  });
  try {
    return parse(content) as unknown;
  } catch (error) {
    throw new TrimtabError('bad-request', { what: file, problem: messageOf(error), right });
  }
}

function timeOf(parsed: Arguments, name: string): Date | null {
  const given = textOf(parsed, name);
  return given === null ? null : timeIn(`--${name}`, given);
}

function changesOf({ values }: Arguments): Date[] {
  const given = values['change'] as unknown as readonly string[] | undefined;
  return (given ?? []).map((each) => timeIn('--change', each)).sort((a, b) => a.getTime() - b.getTime());
}

function show(context: Context, { model, panes, rows, changes, played, happened, others, lacks }: Backtest): void {
  showFields(context, { model, panes: String(panes), rows: String(rows) });
  for (const lack of lacks) context.out(`not as asked: ${lack}`);
  for (const [name, course] of [['under this policy', played], ['as it happened', happened]] as const) {
    context.out('');
    context.out(`${name}: ${counted(course.incidents.length, 'incident')}, ${counted(course.runs.length, 'run')}, ${counted(course.labels, 'labelled row')}`);
    showCourse(context, course, changes);
  }
  context.out('');
  for (const { reason, why, times } of played.held) context.out(`${reason} did not start a run, ${times} times: ${why}`);
  if (played.missingLabels > 0) context.out(`a run still waits for ${counted(played.missingLabels, 'labelled row')}`);
  if (others !== null) showOthers(context, others, changes);
  context.out('played runs take no time and change nothing: what their challengers would have done is not known');
}

function showCourse(context: Context, { incidents, runs, rowsUntilDetection }: Course, changes: readonly Date[]): void {
  for (const { at, monitor, joined, level, alarms, effect } of incidents) context.out(`  ${at.toISOString()}  ${level.padEnd(6)}  ${[monitor, ...joined].join(', ')} by ${effect.toFixed(3)}, ${counted(alarms, 'alarm')}`);
  for (const { at, reason, labels } of runs) context.out(`  ${at.toISOString()}  run     ${reason}, ${counted(labels, 'new labelled row')}`);
  changes.forEach((change, i) => context.out(`  ${seenLine(change, rowsUntilDetection[i] ?? null, 'row')}`));
}

function showOthers(context: Context, { rows, detectors }: NonNullable<Backtest['others']>, changes: readonly Date[]): void {
  context.out(`detectors of other tools, with their defaults and no promise, on ${counted(rows, 'labelled row')} in the order of the predictions:`);
  for (const { detector, alarms, rowsUntilDetection } of detectors) {
    context.out(`  ${detector.padEnd(12)}  ${alarms === null ? 'does not read scores between 0 and 1' : counted(alarms, 'alarm')}`);
    if (alarms !== null) changes.forEach((change, i) => context.out(`    ${seenLine(change, rowsUntilDetection[i] ?? null, 'labelled row')}`));
  }
  context.out('');
}

const seenLine = (change: Date, rows: number | null, what: string) => `${change.toISOString()}  change  ${rows === null ? 'not seen' : `seen after ${counted(rows, what)}`}`;

const counted = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
