/** The one logger: JSON lines for machines, coloured lines for a person. */
import { pino, type Logger as PinoLogger } from 'pino';
import { pretty as prettyStream } from './pretty.ts';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where a secret may stand in what is logged: it is replaced before it is written. */
const SECRETS = ['req.headers.authorization', 'headers.authorization', 'authorization', 'apiKey', '*.apiKey'];

/** Opens the logger; `pretty` writes lines for a terminal. `destination` is for tests. */
export function createLogger(options: { level: LogLevel; pretty: boolean; destination?: { write(line: string): void } }): Logger {
  const settings = { level: options.level, base: null, redact: { paths: SECRETS, censor: '[secret]' } };
  const destination = options.destination ?? (options.pretty ? prettyStream() : pino.destination({ fd: 1, sync: false }));
  return pino(settings, destination);
}
