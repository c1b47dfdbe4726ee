/** `record verify ID`: checks the chain of the record's model, and makes the decision again from what the record names. */
import { verifyRecord, type Verification } from '../../runs/record.ts';
import { readArguments, textOf } from '../arguments.ts';
import { showFields, type Command } from '../command.ts';
import { withStore } from '../open.ts';

const usage = 'record verify ID';

export const recordVerify: Command = {
  words: ['record', 'verify'],
  usage,
  summary: 'check the chain of records, and run the decision again',
  async run(args, context) {
    const parsed = readArguments(args, ['ID'], usage);
    const [id = ''] = parsed.positionals;
    const verification = await withStore(context.config(textOf(parsed, 'data')), (store) => verifyRecord(store, id));
    const sound = isSound(verification);
    if (parsed.values['json'] === true) context.out(JSON.stringify({ ...verification, sound }));
    else showFields(context, { record: verification.id, chain: verification.chain, decision: DECISION[verification.decision] });
    return sound ? 0 : 1;
  },
};

const DECISION: Record<Verification['decision'], string> = {
  same: 'same: the gates, run again on the recorded exam sheets, gave the recorded evaluation',
  different: 'DIFFERENT: the gates, run again on the recorded exam sheets, gave another evaluation',
  none: 'none: this record holds no evaluation',
};

const isSound = ({ chain, decision }: Verification) => chain === 'whole' && decision !== 'different';
