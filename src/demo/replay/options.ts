/** The arguments of `npm run replay`. */
import { parseArgs } from 'node:util';
import { TrimtabError, messageOf } from '../../errors.ts';
import type { Columns } from './rows.ts';

export const USAGE = `npm run replay -- --data FILE --text COL --label COL --stage COL
  [--group 12,2,2,2]       how many values of the stage column make one stage, in order of first appearance
  [--stages a+b,c,d]       or the stages themselves, values joined by +
  [--keep 0.15]            share of a stage's rows that is kept back for each later stage
  [--feedback-delay N]     panes until a label arrives (0)
  [--pane-rows N]          rows of a pane (100)
  [--rule superior|nonInferior]  what a challenger must show (superior)
  [--epochs N]             passes over a dataset, for the loop and for the ceilings (3)
  [--seed N] [--workers N] [--json]`;

/** How values of the stage column become stages. */
export type Grouping =
  | { readonly kind: 'each' }
  | { readonly kind: 'sizes'; readonly sizes: readonly number[] }
  | { readonly kind: 'named'; readonly stages: readonly (readonly string[])[] };

export interface ReplayOptions {
  readonly data: string;
  readonly columns: Columns;
  readonly grouping: Grouping;
  readonly keep: number;
  readonly feedbackDelay: number;
  readonly paneRows: number;
  readonly rule: 'superior' | 'nonInferior';
  readonly epochs: number;
  readonly seed: number;
  /** Workers of a training job; null: what the service takes. */
  readonly workers: number | null;
  readonly json: boolean;
}

/** @throws TrimtabError `bad-request` naming the argument and what would be right */
export function parseOptions(args: readonly string[]): ReplayOptions {
  const values = read(args);
  return {
    data: required(values, 'data'),
    columns: { text: required(values, 'text'), label: required(values, 'label'), stage: required(values, 'stage') },
    grouping: grouping(values.stages, values.group),
    keep: number('keep', values.keep ?? '0.15', (n) => n >= 0 && n < 1, 'a share from 0 to below 1'),
    feedbackDelay: number('feedback-delay', values['feedback-delay'] ?? '0', isWhole, 'a whole number of panes'),
    paneRows: number('pane-rows', values['pane-rows'] ?? '100', (n) => isWhole(n) && n >= 10, 'a whole number from 10'),
    rule: rule(values.rule ?? 'superior'),
    epochs: number('epochs', values.epochs ?? '3', (n) => n > 0, 'a number above 0'),
    seed: number('seed', values.seed ?? '1', isWhole, 'a whole number'),
    workers: values.workers === undefined ? null : number('workers', values.workers, (n) => isWhole(n) && n >= 1, 'a whole number from 1'),
    json: values.json ?? false,
  };
}

const text = { type: 'string' } as const;
const DECLARED = {
  data: text, text, label: text, stage: text, stages: text, group: text, keep: text, 'feedback-delay': text, 'pane-rows': text,
  rule: text, epochs: text, seed: text, workers: text, json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof DECLARED }>>['values'];

function read(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: DECLARED }).values;
  } catch (error) {
    throw new TrimtabError('bad-request', { what: 'arguments', problem: messageOf(error), right: `usage:\n${USAGE}` });
  }
}

function required(values: Values, name: 'data' | 'text' | 'label' | 'stage'): string {
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

function rule(value: string): 'superior' | 'nonInferior' {
  if (value === 'superior' || value === 'nonInferior') return value;
  throw wrong('rule', `"${value}" is no rule`, 'superior or nonInferior');
}

function number(name: string, value: string, holds: (n: number) => boolean, right: string): number {
  const parsed = value.trim() === '' ? Number.NaN : Number(value);
  if (!holds(parsed)) throw wrong(name, `"${value}" cannot be used`, `give ${right}`);
  return parsed;
}

const isWhole = (n: number) => Number.isSafeInteger(n) && n >= 0;
const wrong = (name: string, problem: string, right: string) => new TrimtabError('bad-request', { what: `--${name}`, problem, right });
