/** `record show ID`: the record itself, whole. */
import { getRecord } from '../../promotion/records.ts';
import { readArguments, textOf } from '../arguments.ts';
import { showFields, type Command } from '../command.ts';
import { withStore } from '../open.ts';

const usage = 'record show ID';

export const recordShow: Command = {
  words: ['record', 'show'],
  usage,
  summary: 'print a decision record',
  async run(args, context) {
    const parsed = readArguments(args, ['ID'], usage);
    const [id = ''] = parsed.positionals;
    const record = await withStore(context.config(textOf(parsed, 'data')), ({ pool }) => getRecord(pool, id));
    if (parsed.values['json'] === true) {
      context.out(JSON.stringify(record));
      return 0;
    }
    const { content, createdAt, seq, runId, ...fields } = record;
    showFields(context, { ...fields, seq: String(seq), run: runId ?? 'none', createdAt: createdAt.toISOString() });
    context.out(JSON.stringify(content, null, 2));
    return 0;
  },
};
