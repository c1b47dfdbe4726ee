/** Rows of train.jsonl and exam.jsonl, by task. */
import { canonicalChat, taskRules } from '../../../tasks/index.ts';
import type { JobRow } from '../../../tasks/index.ts';
import { isTrimtabError, messageOf } from '../../../errors.ts';
import type { Job } from '../../job.ts';
import type { Fields } from './check.ts';
import { refuse, strings } from './check.ts';

type CheckRow = (row: Fields, where: string) => JobRow;

/** `train` refuses labels that the head does not know; an exam may have them: they are then the head's errors. */
export function rowChecks({ task, labelling, labels }: Job): { readonly train: CheckRow; readonly exam: CheckRow } {
  const rules = taskRules(task, labelling);
  const known = new Set(labels);
  const truthField = task === 'embedding' ? 'positive' : rules.truthField;

  const exam: CheckRow = (row, where) => {
    needText(row, 'id', where);
    const chat = task === 'generation' && row['messages'] !== undefined;
    if (!chat) needText(row, 'text', where);
    if (!chat && row['tools'] !== undefined) refuse(where, 'it has "tools" and no chat that they are for', 'tools beside messages, in a job of task generation');
    const text = chat ? attempt(where, () => canonicalChat(row)) : (row['text'] as string);
    const truth = attempt(where, () => rules.parseTruth(row[truthField], text));
    const checked = rules.toJobRow({ id: row['id'] as string, text, label: truth });
    const negatives = row['negatives'];
    if (negatives === undefined) return checked;
    if (!strings(negatives)) refuse(where, `"negatives" is ${JSON.stringify(negatives)}`, 'a list of texts');
    return { ...checked, negatives } as JobRow;
  };
  const train: CheckRow = (row, where) => {
    const checked = exam(row, where);
    const truth = rules.parseTruth(row[truthField]);
    const stranger = known.size === 0 ? undefined : rules.labelsIn(truth)?.find((label) => !known.has(label));
    if (stranger !== undefined) refuse(where, `label "${stranger}" is not among the job's labels`, `one of the ${known.size} labels in job.json`);
    const weight = row['weight'] ?? 1;
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) refuse(where, `"weight" is ${JSON.stringify(weight)}`, 'a number from 0 up');
    return { ...checked, weight: weight as number };
  };
  return { train, exam };
}

function needText(row: Fields, name: string, where: string): void {
  if (typeof row[name] !== 'string') refuse(where, `"${name}" is ${JSON.stringify(row[name])}`, 'a string');
}

function attempt<R>(where: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (!isTrimtabError(error)) throw error;
    return refuse(`${where}, ${error.details['what'] ?? ''}`, String(error.details['problem'] ?? messageOf(error)), String(error.details['right'] ?? 'a row of this task'));
  }
}
