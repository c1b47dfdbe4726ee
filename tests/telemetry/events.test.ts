import { expect, test } from 'vitest';
import { createEvents, type EventType } from '../../src/telemetry/events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

test('a listener that throws disturbs nobody', () => {
  const seen: [string, EventType][] = [];
  const events = createEvents((error, type) => seen.push([(error as Error).message, type]));
  const heard: number[] = [];
  events.on('predict', () => {
    throw new Error('broken dashboard');
  });
  const stop = events.on('predict', ({ rows }) => heard.push(rows));
  events.emit('predict', { model: 'm', seconds: 0, rows: 1 });
  stop();
  events.emit('predict', { model: 'm', seconds: 0, rows: 2 });
  expect(heard).toEqual([1]);
  expect(seen).toEqual([['broken dashboard', 'predict'], ['broken dashboard', 'predict']]);
});

test('a secret does not reach the log', () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', pretty: false, destination: { write: (line) => void lines.push(line) } });
  log.info({ req: { headers: { authorization: 'Bearer trk_secret' } }, apiKey: 'trk_secret' }, 'hello');
  log.debug('below the level');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('trk_secret');
  expect(lines[0]).toContain('hello');
});
