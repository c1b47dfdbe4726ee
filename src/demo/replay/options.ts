/** The arguments of `npm run replay`. */
import { parseArgs } from 'node:util';
import { TrimtabError, messageOf } from '../../errors.ts';
import { LABELLINGS, type Labelling } from '../../tasks/index.ts';
import { TASKS, type Task } from '../../vocabulary.ts';
import type { Columns } from './rows.ts';

export const USAGE = `npm run replay -- --data FILE [--task TASK] [--text COL] [--label COL] [--stage COL]
  --data FILE              labelled rows: CSV with a header or JSONL, also .gz
  --example                or rows that it makes itself: a small assistant that learns new wishes
  [--task TASK]            classification, extraction, embedding or generation (classification)
  [--labels single|multi]  classification: one label a text, or any number (single)
  [--text COL]             column of the text (text); generation: a list of {role, content} is a chat, and a column tools has its tools
  [--label COL]            column of the truth (the task's own: label, labels, spans, positive, completion);
  [--spans|--positive|--completion COL]  the same, by the task's word for it. Lists stand in CSV as JSON
  [--stage COL]            column whose values come one after the other (stage)
  [--group 12,2,2,2]       how many values of the stage column make one stage, in order of first appearance
  [--stages a+b,c,d]       or the stages themselves, values joined by +
  [--keep 0.15]            share of a stage's rows that is kept back for each later stage
  [--feedback-delay N]     panes until a label arrives (0)
  [--pane-rows N]          rows of a pane (100)
  [--rule superior|nonInferior]  what a challenger must show (superior)
  [--metric NAME]          score of a row (the task's first)
  [--base DIR]             base model (the one that comes along)
  [--epochs N]             passes over a dataset, for the loop and for the ceilings (3)
  [--no-ceiling]           train no ceilings: twice as quick, and the share of the gap that the loop closed is not known
  [--seed N] [--workers N] [--json]
  --help`;

/** How values of the stage column become stages. */
export type Grouping =
  | { readonly kind: 'each' }
  | { readonly kind: 'sizes'; readonly sizes: readonly number[] }
  | { readonly kind: 'named'; readonly stages: readonly (readonly string[])[] };

export interface ReplayOptions {
  /** Path of the rows; null: the example's own. */
  readonly data: string | null;
  readonly task: Task;
  readonly labelling: Labelling;
  readonly columns: Columns;
  readonly grouping: Grouping;
  readonly keep: number;
  readonly feedbackDelay: number;
  readonly paneRows: number;
  readonly rule: 'superior' | 'nonInferior';
  /** `auto`: the task's first. */
  readonly metric: string;
  /** `auto`: the one that comes along. */
  readonly base: string;
  readonly epochs: number;
  /** Whether models are trained on all rows so far, to compare with. */
  readonly ceiling: boolean;
  readonly seed: number;
  /** Workers of a training job; null: what the service takes. */
  readonly workers: number | null;
  readonly json: boolean;
}

/** The options, or `help`. @throws TrimtabError `bad-request` naming the argument and what would be right */
export function parseOptions(args: readonly string[]): ReplayOptions | 'help' {
  const values = read(args);
  if (values.help === true) return 'help';
  const task = word('task', values.task ?? 'classification', TASKS);
  const labelling = word('labels', values.labels ?? 'single', LABELLINGS);
  if (values.example === true && values.data !== undefined) throw wrong('example', 'contradicts --data', 'give one of the two');
  return {
    data: values.example === true ? null : required(values, 'data'),
    task,
    labelling,
    columns: { text: values.text ?? 'text', truth: truthColumn(values, task, labelling), stage: values.stage ?? 'stage' },
    grouping: grouping(values.stages, values.group),
    keep: number('keep', values.keep ?? '0.15', (n) => n >= 0 && n < 1, 'a share from 0 to below 1'),
    feedbackDelay: number('feedback-delay', values['feedback-delay'] ?? '0', isWhole, 'a whole number of panes'),
    paneRows: number('pane-rows', values['pane-rows'] ?? '100', (n) => isWhole(n) && n >= 10, 'a whole number from 10'),
    rule: word('rule', values.rule ?? 'superior', ['superior', 'nonInferior']),
    metric: values.metric ?? 'auto',
    base: values.base ?? 'auto',
    epochs: number('epochs', values.epochs ?? '3', (n) => n > 0, 'a number above 0'),
    ceiling: values['no-ceiling'] !== true,
    seed: number('seed', values.seed ?? '1', isWhole, 'a whole number'),
    workers: values.workers === undefined ? null : number('workers', values.workers, (n) => isWhole(n) && n >= 1, 'a whole number from 1'),
    json: values.json ?? false,
  };
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const DECLARED = {
  data: text, example: flag, task: text, labels: text, text, label: text, spans: text, positive: text, completion: text, stage: text, stages: text, group: text,
  keep: text, 'feedback-delay': text, 'pane-rows': text, rule: text, metric: text, base: text, epochs: text, 'no-ceiling': flag, seed: text, workers: text, json: flag, help: flag,
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof DECLARED }>>['values'];

/** A task's word for its truth: the field of a job's row, which is also the name of the column when none is given. */
const TRUTH = { classification: 'label', extraction: 'spans', embedding: 'positive', generation: 'completion' } as const satisfies Record<Task, keyof Values>;

function truthColumn(values: Values, task: Task, labelling: Labelling): string {
  const own = TRUTH[task];
  const strange = Object.values(TRUTH).find((name) => name !== 'label' && name !== own && values[name] !== undefined);
  if (strange !== undefined) throw wrong(strange, `is not of task ${task}`, `give --${own}`);
  return values[own] ?? values.label ?? (labelling === 'multi' ? 'labels' : own);
}

function read(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: DECLARED }).values;
  } catch (error) {
    throw new TrimtabError('bad-request', { what: 'arguments', problem: messageOf(error), right: `usage:\n${USAGE}` });
  }
}

function required(values: Values, name: 'data'): string {
  const value = values[name];
  if (value === undefined || value === '') throw wrong(name, 'is missing', `usage:\n${USAGE}`);
  return value;
}

function grouping(stages: string | undefined, group: string | undefined): Grouping {
  if (stages !== undefined && group !== undefined) throw wrong('group', 'contradicts --stages', 'give one of the two');
  if (stages !== undefined) return { kind: 'named', stages: stages.split(',').map((stage) => stage.split('+').map((value) => value.trim())) };
  if (group === undefined) return { kind: 'each' };
  return { kind: 'sizes', sizes: group.split(',').map((size) => number('group', size, (n) => isWhole(n) && n >= 1, 'sizes such as 12,2,2,2')) };
}

function word<const T extends string>(name: string, value: string, words: readonly T[]): T {
  const found = words.find((each) => each === value);
  if (found === undefined) throw wrong(name, `"${value}" is no ${name}`, words.join(' or '));
  return found;
}

function number(name: string, value: string, holds: (n: number) => boolean, right: string): number {
  const parsed = value.trim() === '' ? Number.NaN : Number(value);
  if (!holds(parsed)) throw wrong(name, `"${value}" cannot be used`, `give ${right}`);
  return parsed;
}

const isWhole = (n: number) => Number.isSafeInteger(n) && n >= 0;
const wrong = (name: string, problem: string, right: string) => new TrimtabError('bad-request', { what: `--${name}`, problem, right });
