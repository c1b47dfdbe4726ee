/** `help`: every command with its usage. */
import type { Command } from '../command.ts';

export function helpText(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ usage }) => usage.length));
  return [
    'npm run cli -- COMMAND      (or, after npm link: trimtab COMMAND)',
    '',
    ...commands.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
    `  ${'help'.padEnd(width)}  this page`,
    '',
    '--data DIR  the data folder of the service (TRIMTAB_DATA_DIR; ./data)',
    '--json      answer in JSON',
    'Exit codes: 0 all is well, 1 something is not, 2 called in a wrong way.',
  ].join('\n');
}
