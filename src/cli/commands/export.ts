/** `export ADAPTER FOLDER`: an adapter with all that is known of it, in a form that other tools read. */
import { TrimtabError } from '../../errors.ts';
import { readArguments, textOf } from '../arguments.ts';
import { showFields, type Command } from '../command.ts';
import { exportHuggingFace, writeExport } from '../export/hugging-face.ts';
import { mlflowModel } from '../export/mlflow.ts';
import { withStore } from '../open.ts';

const usage = 'export ADAPTER FOLDER [--format huggingface|mlflow] [--base-name NAME]';
const FORMATS = ['huggingface', 'mlflow'];

export const exportAdapter: Command = {
  words: ['export'],
  usage,
  summary: 'write an adapter as a Hugging Face folder with model card, or as an MLflow model; --base-name says how its base is called there',
  async run(args, context) {
    const parsed = readArguments(args, ['ADAPTER', 'FOLDER'], usage, { format: { type: 'string' }, 'base-name': { type: 'string' } });
    const [id = '', folder = ''] = parsed.positionals;
    const format = textOf(parsed, 'format') ?? FORMATS[0];
    if (!FORMATS.some((each) => each === format)) throw new TrimtabError('bad-request', { what: '--format', problem: `"${format}" is none that is known`, right: FORMATS.join(' or ') });
    const hub = await withStore(context.config(textOf(parsed, 'data')), (store) => exportHuggingFace(store, id, textOf(parsed, 'base-name')));
    const files = format === 'mlflow' ? await mlflowModel(id, hub, new Date()) : hub;
    await writeExport(folder, files);
    if (parsed.values['json'] === true) context.out(JSON.stringify({ folder, files: [...files.keys()] }));
    else showFields(context, { folder, files: [...files.keys()].join(', ') });
    return 0;
  },
};
