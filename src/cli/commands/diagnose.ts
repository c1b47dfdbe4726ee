/** `diagnose MODEL --change TIME`: what differs between the stored predictions before and since a time. */
import { diagnose as find, type Diagnosis } from '../../drift/diagnosis/index.ts';
import type { WindowTest } from '../../drift/window.ts';
import { TrimtabError } from '../../errors.ts';
import { readArguments, requiredText, textOf, timeIn } from '../arguments.ts';
import { showFields, type Command, type Context } from '../command.ts';
import { withStore } from '../open.ts';

const usage = 'diagnose MODEL --change TIME [--from TIME] [--to TIME] [--rows N]';
const text = { type: 'string' } as const;
const ROWS = 1_000;

export const diagnose: Command = {
  words: ['diagnose'],
  usage,
  summary: `what differs between the predictions before and since a time: every statistic of every column, on ${ROWS.toLocaleString('en')} rows of either side or --rows (--to: now; --from: as long before the change)`,
  async run(args, context) {
    const parsed = readArguments(args, ['MODEL'], usage, { change: text, from: text, to: text, rows: text });
    const change = timeIn('--change', requiredText(parsed, 'change', usage));
    const [from, to] = [textOf(parsed, 'from'), textOf(parsed, 'to')];
    const end = to === null ? new Date() : timeIn('--to', to);
    const begin = from === null ? new Date(2 * change.getTime() - end.getTime()) : timeIn('--from', from);
    if (begin >= change || change >= end) throw new TrimtabError('bad-request', { what: '--change', problem: `it is not between ${begin.toISOString()} and ${end.toISOString()}`, right: 'give a time within --from and --to' });
    const question = { model: parsed.positionals[0] ?? '', from: begin, change, to: end, rows: rowsOf(textOf(parsed, 'rows')) };
    const found = await withStore(context.config(textOf(parsed, 'data')), ({ pool }) => find(pool, question));
    if (parsed.values['json'] === true) context.out(JSON.stringify(found));
    else show(context, found);
    return 0;
  },
};

function rowsOf(given: string | null): number {
  const rows = given === null ? ROWS : Number(given);
  if (!Number.isSafeInteger(rows) || rows < 1) throw new TrimtabError('bad-request', { what: '--rows', problem: `"${given}" is no number of rows`, right: 'give a whole number from 1 on' });
  return rows;
}

function show(context: Context, { model, from, change, to, rows: [before, since], columns, relation, texts, guarantee }: Diagnosis): void {
  showFields(context, { model, before: `${before} rows, ${from.toISOString()} to ${change.toISOString()}`, since: `${since} rows, to ${to.toISOString()}` });
  for (const { column, kind, missing, mistyped, differs, tests } of columns) {
    context.out('');
    context.out(`${column} (${kind})  ${differs ? 'DIFFERS' : 'no difference shown'}${counted('missing', missing)}${counted('of another type', mistyped)}`);
    for (const each of tests) context.out(`  ${line(each)}`);
  }
  context.out('');
  if (relation !== null) context.out(`columns together: ${line(relation)}`);
  if (texts !== null) {
    context.out(`inputs told apart: AUC ${texts.auc.toFixed(3)} [${texts.interval.map((x) => x.toFixed(3)).join(', ')}], 0.5 is chance; no promise`);
    for (const { ngram, weight } of texts.ngrams.slice(0, 10)) context.out(`  ${weight > 0 ? 'since ' : 'before'}  ${ngram}`);
  }
  context.out(guarantee);
}

const counted = (what: string, [before, since]: readonly [number, number]) => (before + since === 0 ? '' : `; ${what} in ${before} and ${since} rows`);

function line({ test, statistic, p, effect, interval: [low, high], guarantee }: WindowTest): string {
  return `${test.padEnd(30)} ${number(statistic)}  ${p === null ? 'no p-value' : `p ${number(p)}`}  effect ${number(effect)} [${number(low)}, ${number(high)}]  ${guarantee === 'none' ? 'no promise' : guarantee}`;
}

const number = (x: number) => (Math.abs(x) === Number.MAX_VALUE ? 'unbounded' : x.toPrecision(3));
