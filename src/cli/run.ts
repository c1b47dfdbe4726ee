/** Finds the command that the arguments name, runs it, and answers the exit code. */
import { isTrimtabError } from '../errors.ts';
import type { Command, Context, ExitCode } from './command.ts';
import { backtest } from './commands/backtest.ts';
import { completionOf } from './commands/completion.ts';
import { diagnose } from './commands/diagnose.ts';
import { doctor } from './commands/doctor.ts';
import { engineInstall } from './commands/engine-install.ts';
import { evaluate } from './commands/eval.ts';
import { exportAdapter } from './commands/export.ts';
import { helpText } from './commands/help.ts';
import { importRows } from './commands/import.ts';
import { migrateCommand } from './commands/migrate.ts';
import { promote, retrain, rollback } from './commands/operate.ts';
import { demo, replay } from './commands/play.ts';
import { predict } from './commands/predict.ts';
import { recordShow } from './commands/record-show.ts';
import { recordVerify } from './commands/record-verify.ts';
import { serve } from './commands/serve.ts';
import { status } from './commands/status.ts';
import { train } from './commands/train.ts';

export const COMMANDS: readonly Command[] = [
  serve, demo, replay, status, importRows, train, evaluate, predict, retrain, promote, rollback, backtest, diagnose, recordShow, recordVerify, exportAdapter, migrateCommand, doctor, engineInstall,
  completionOf(() => COMMANDS),
];

const HELP = new Set(['help', '--help', '-h']);
/** They are programs of their own, with help of their own. */
const PASSES_HELP: ReadonlySet<Command> = new Set([demo, replay]);

export async function run(args: readonly string[], context: Context): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined || HELP.has(first)) {
    context.out(helpText(COMMANDS));
    return first === undefined ? 2 : 0;
  }
  const command = COMMANDS.find(({ words }) => words.every((word, i) => args[i] === word));
  if (command !== undefined && !PASSES_HELP.has(command) && args.some((arg) => arg === '--help' || arg === '-h')) {
    context.out(`usage: npm run cli -- ${command.usage}\n${command.summary}`);
    return 0;
  }
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
