/** Finds the command that the arguments name, runs it, and answers the exit code. */
import { isTrimtabError } from '../errors.ts';
import type { Command, Context, ExitCode } from './command.ts';
import { doctor } from './commands/doctor.ts';
import { engineInstall } from './commands/engine-install.ts';
import { helpText } from './commands/help.ts';
import { importRows } from './commands/import.ts';
import { recordShow } from './commands/record-show.ts';
import { recordVerify } from './commands/record-verify.ts';

export const COMMANDS: readonly Command[] = [recordVerify, recordShow, importRows, doctor, engineInstall];

const HELP = new Set(['help', '--help', '-h']);

export async function run(args: readonly string[], context: Context): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined || HELP.has(first)) {
    context.out(helpText(COMMANDS));
    return first === undefined ? 2 : 0;
  }
  const command = COMMANDS.find(({ words }) => words.every((word, i) => args[i] === word));
  if (command === undefined) {
    context.err(`there is no command "${args.slice(0, 2).join(' ')}"`);
    context.err(helpText(COMMANDS));
    return 2;
  }
  try {
    return await command.run(args.slice(command.words.length), context);
  } catch (error) {
    if (!isTrimtabError(error)) throw error;
    context.err(args.includes('--json') ? JSON.stringify({ code: error.code, message: error.message }) : error.message);
    return isTrimtabError(error, 'bad-request') ? 2 : 1;
  }
}
