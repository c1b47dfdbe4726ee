/** Log lines for a terminal. */
import pinoPretty from 'pino-pretty';

/** A stream that turns pino's JSON into coloured lines, written at once so that a crash loses none. */
export function pretty(): { write(line: string): void } {
  return pinoPretty({ colorize: process.stdout.isTTY === true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', sync: true });
}
