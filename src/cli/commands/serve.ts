/** `serve`: the service, as `npm start` runs it. */
import { TrimtabError } from '../../errors.ts';
import { readArguments, textOf } from '../arguments.ts';
import type { Command } from '../command.ts';

const usage = 'serve [--host HOST] [--port PORT]';
const text = { type: 'string' } as const;

export const serve: Command = {
  words: ['serve'],
  usage,
  summary: 'run the service until SIGTERM or Ctrl-C',
  async run(args, context) {
    const parsed = readArguments(args, [], usage, { host: text, port: text });
    const config = context.config(textOf(parsed, 'data'));
    const port = textOf(parsed, 'port') ?? String(config.port);
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new TrimtabError('bad-request', { what: '--port', problem: `"${port}" is no port`, right: 'give a whole number from 0 to 65535' });
    // only now: the other commands need not load the whole service
    const service = await import('../../main.ts');
    await service.serve({ ...config, host: textOf(parsed, 'host') ?? config.host, port: Number(port) });
    return new Promise(() => {});
  },
};
