/** `eval FILE --adapter FOLDER`: an adapter sits an exam; with --against it is judged against another, as the gates would. */
import type { ExamSheet } from '../../evaluation/exam.ts';
import { judge } from '../../evaluation/gates.ts';
import { standing } from '../../evaluation/standing.ts';
import { parseHeader, readAdapter, refuseAdapter } from '../../lora/adapter-files.ts';
import { rulesOfHead } from '../../promotion/targets/builtin.ts';
import { parseSpec, rulesOf, type ModelSpec } from '../../spec.ts';
import type { LabelledText } from '../../tasks/index.ts';
import type { AdapterFiles } from '../../vocabulary.ts';
import type { Config } from '../../config.ts';
import { readArguments, requiredText, textOf, type Arguments } from '../arguments.ts';
import { showFields, type Command, type Context } from '../command.ts';
import { COLUMNS, readLabelled } from '../labelled-file.ts';
import { sheetOf, withJobs } from '../local-jobs.ts';
import { baseOfAdapter, basePath, standingText } from '../text.ts';

const usage = 'eval FILE --adapter FOLDER [--against FOLDER] [--base DIR] [--metric NAME] [--label COL ...]';
const text = { type: 'string' } as const;

export const evaluate: Command = {
  words: ['eval'],
  usage,
  summary: 'examine an adapter on labelled rows; with --against, whether the gates would take it in the place of the other (code 1 where not)',
  async run(args, context) {
    const parsed = readArguments(args, ['FILE'], usage, { ...COLUMNS, adapter: text, against: text, base: text, metric: text });
    const folder = requiredText(parsed, 'adapter', usage);
    const against = textOf(parsed, 'against');
    const [challenger, champion] = [await readAdapter(folder), against === null ? null : await readAdapter(against)];
    const spec = specOf(parsed, challenger, folder);
    const exam = await readLabelled(parsed.positionals[0] ?? '', parsed, rulesOf(spec), context);
    const [mine, other] = await sit(context.config(textOf(parsed, 'data')), context, spec, exam, champion === null ? [challenger] : [challenger, champion]);
    return mine === undefined ? 1 : tell(parsed, context, spec, mine, other ?? null);
  },
};

function specOf(parsed: Arguments, files: AdapterFiles, folder: string): ModelSpec {
  const { kind, maxLength } = parseHeader(files, refuseAdapter(folder));
  const rules = rulesOfHead(kind);
  const metric = textOf(parsed, 'metric');
  return parseSpec({ name: 'local', task: rules.task, labels: rules.labelling, serving: {}, base: { model: textOf(parsed, 'base') ?? baseOfAdapter(files) }, training: { maxLength }, ...(metric === null ? {} : { gates: { metric } }) });
}

/** The sheet of each adapter, in order, on the same rows. */
function sit(config: Config, context: Context, spec: ModelSpec, exam: readonly LabelledText[], adapters: readonly AdapterFiles[]): Promise<ExamSheet[]> {
  return withJobs(config, context, async (run) => {
    const sheets: ExamSheet[] = [];
    for (const [i, initial] of adapters.entries()) {
      const { predictions } = await run({ name: `eval-${i + 1}`, spec, base: basePath(config, spec), labels: parseHeader(initial, refuseAdapter('given')).labels, exam, initial });
      sheets.push(sheetOf(exam, predictions, spec));
    }
    return sheets;
  });
}

function tell(parsed: Arguments, context: Context, spec: ModelSpec, mine: ExamSheet, other: ExamSheet | null): 0 | 1 {
  const { metric } = spec.gates;
  const alone = standing(mine);
  const evaluation = other === null ? null : judge({ spec: spec.gates, rules: rulesOf(spec), challenger: mine, champion: other, majority: null });
  if (parsed.values['json'] === true) context.out(JSON.stringify({ metric, ...alone, evaluation }));
  else {
    showFields(context, {
      [metric]: standingText(alone),
      ...(evaluation === null || evaluation.champion === null ? {} : { against: standingText(evaluation.champion), verdict: evaluation.verdict, why: evaluation.reason }),
    });
  }
  return evaluation === null || evaluation.verdict === 'promote' ? 0 : 1;
}
