/** `export ADAPTER FOLDER`: an adapter with all that is known of it, in a form that other tools read. */
import { readArguments, textOf } from '../arguments.ts';
import { showFields, type Command } from '../command.ts';
import { exportHuggingFace, writeExport } from '../export/hugging-face.ts';
import { withStore } from '../open.ts';

const usage = 'export ADAPTER FOLDER [--base-name NAME]';

export const exportAdapter: Command = {
  words: ['export'],
  usage,
  summary: 'write an adapter as a Hugging Face folder with model card; --base-name says how its base is called there',
  async run(args, context) {
    const parsed = readArguments(args, ['ADAPTER', 'FOLDER'], usage, { 'base-name': { type: 'string' } });
    const [id = '', folder = ''] = parsed.positionals;
    const files = await withStore(context.config(textOf(parsed, 'data')), (store) => exportHuggingFace(store, id, textOf(parsed, 'base-name')));
    await writeExport(folder, files);
    if (parsed.values['json'] === true) context.out(JSON.stringify({ folder, files: [...files.keys()] }));
    else showFields(context, { folder, files: [...files.keys()].join(', ') });
    return 0;
  },
};
