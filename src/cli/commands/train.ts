/** `train FILE --to FOLDER`: an adapter from a file of labelled rows, without a service. */
import { TrimtabError } from '../../errors.ts';
import { writeAdapter } from '../../lora/adapter-files.ts';
import { standing } from '../../evaluation/standing.ts';
import { parseSpec, rulesOf, type ModelSpec } from '../../spec.ts';
import { LABELLINGS, type LabelledText } from '../../tasks/index.ts';
import { TASKS } from '../../vocabulary.ts';
import { readArguments, requiredText, textOf, type Arguments } from '../arguments.ts';
import { showFields, type Command } from '../command.ts';
import { absent } from '../export/hugging-face.ts';
import { COLUMNS, readLabelled } from '../labelled-file.ts';
import { sheetOf, withJobs } from '../local-jobs.ts';
import { basePath, standingText } from '../text.ts';

const usage = 'train FILE --to FOLDER [--task TASK] [--multi] [--exam FILE] [--base DIR] [--epochs N] [--r N] [--rate N] [--max-length N] [--seed N] [--label COL ...]';
const text = { type: 'string' } as const;
/** Without --exam: rows held back to examine the adapter on. */
const HELD_BACK = 0.2;

export const train: Command = {
  words: ['train'],
  usage,
  summary: `train an adapter on labelled rows (columns as for import), examine it on --exam or on ${100 * HELD_BACK} % held back, and write it in PEFT's form`,
  async run(args, context) {
    const parsed = readArguments(args, ['FILE'], usage, { ...COLUMNS, to: text, task: text, multi: { type: 'boolean' }, exam: text, base: text, epochs: text, r: text, rate: text, 'max-length': text, seed: text });
    const [file = ''] = parsed.positionals;
    const folder = requiredText(parsed, 'to', usage);
    await absent(folder);
    const config = context.config(textOf(parsed, 'data'));
    const spec = specOf(parsed);
    const rules = rulesOf(spec);
    const all = await readLabelled(file, parsed, rules, context);
    const examFile = textOf(parsed, 'exam');
    const [rows, exam] = examFile === null ? split(all) : [all, await readLabelled(examFile, parsed, rules, context)];
    const labels = [...new Set(rows.flatMap((row) => rules.labelsIn(row.label) ?? []))].sort();
    const { adapter, predictions, result } = await withJobs(config, context, (run) => run({ name: 'train', spec, base: basePath(config, spec), labels, train: rows, exam }));
    if (adapter === null) throw new TrimtabError('job-failed', { job: 'train', problem: 'it left no adapter' });
    await writeAdapter(folder, adapter);
    const { score, interval, n } = standing(sheetOf(exam, predictions, spec));
    if (parsed.values['json'] === true) context.out(JSON.stringify({ folder, result, exam: { metric: spec.gates.metric, score, interval, rows: n } }));
    else {
      showFields(context, {
        adapter: folder, 'sha256': result.adapterDigest ?? '', backend: result.backend, 'train rows': String(rows.length),
        steps: `${result.steps} in ${result.seconds.toFixed(1)} s`, [spec.gates.metric]: standingText({ score, interval, n }),
      });
    }
    return 0;
  },
};

/** What the spec's own parser checks, it says by the option's name. */
function specOf(parsed: Arguments): ModelSpec {
  const number = (name: string) => {
    const value = textOf(parsed, name);
    return value === null ? undefined : Number(value);
  };
  const [epochs, r, learningRate, maxLength, seed] = ['epochs', 'r', 'rate', 'max-length', 'seed'].map(number);
  const task = textOf(parsed, 'task') ?? TASKS[0];
  const base = textOf(parsed, 'base');
  return parseSpec({
    name: 'local', task, serving: {},
    ...(parsed.values['multi'] === true ? { labels: LABELLINGS[1] } : {}),
    ...(base === null ? {} : { base: { model: base } }),
    training: {
      ...(epochs === undefined ? {} : { epochs }), ...(learningRate === undefined ? {} : { learningRate }), ...(maxLength === undefined ? {} : { maxLength }),
      ...(seed === undefined ? {} : { seed }), ...(r === undefined ? {} : { lora: { r } }),
    },
  });
}

/** Every fifth row, spread evenly: of a file that is sorted by label each label is in both. */
function split(rows: readonly LabelledText[]): [LabelledText[], LabelledText[]] {
  const every = Math.round(1 / HELD_BACK);
  const held = rows.filter((_, i) => i % every === every - 1);
  if (held.length === 0) throw new TrimtabError('bad-data', { what: 'the file', problem: `${rows.length} rows leave none to examine the adapter on`, right: `give at least ${every}, or --exam FILE` });
  return [rows.filter((_, i) => i % every !== every - 1), held];
}
