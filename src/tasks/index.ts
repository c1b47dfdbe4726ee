/** The rules of each task. A new task adds its file and its line here. */
import { TrimtabError } from '../errors.ts';
import type { Task } from '../vocabulary.ts';
import { classification } from './classification.ts';
import { embedding } from './embedding.ts';
import { extraction } from './extraction.ts';
import { generation } from './generation.ts';
import { multiLabel } from './multi-label.ts';
import type { Labelling, TaskRules } from './rules.ts';

export { documentDigest, RANKED } from './embedding.ts';
export { canonicalChat, chatIn, MOST_TOOLS, tellingPart } from './chat.ts';
export { jsonOf } from './check.ts';
export { LABELLINGS, type Field, type JobAnswer, type JobRow, type LabelledText, type Labelling, type Span, type TaskRules } from './rules.ts';

const RULES: Readonly<Record<Task, TaskRules>> = { classification, extraction, embedding, generation };

/** All metrics of all tasks. */
export const METRICS: readonly string[] = [...new Set(Object.values({ classification, multiLabel, extraction, embedding, generation }).flatMap((rules) => rules.metrics))];

/** The rules of a task. @throws TrimtabError `bad-spec` for labels that the task cannot have */
export function taskRules(task: Task, labelling: Labelling = 'single'): TaskRules {
  if (labelling === 'single') return RULES[task];
  if (task === 'classification') return multiLabel;
  throw new TrimtabError('bad-spec', { problems: `/labels "multi" is for the task classification, not for ${task}` });
}
