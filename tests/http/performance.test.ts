import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../src/vocabulary.ts';
import { as, asked, AT, PERFORMANCE, serve } from './support.ts';

const app = await serve();
const get = (query: string) => app.inject({ url: `/v1/models/router/performance${query}`, headers: as('viewer') });

test('left out: the last seven days, by the day', async () => {
  const answer = await get('');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual(JSON.parse(JSON.stringify(PERFORMANCE)));
  expect(asked.at(-1)).toEqual({ what: 'performance', with: { model: 'router', from: new Date(AT.getTime() - 7 * DAY), to: AT, bucketMs: DAY, segment: null } });
});

test('range, bucket and segment are passed on', async () => {
  await get('?from=2026-01-01T00:00:00Z&to=2026-01-02T01:00:00%2B01:00&bucket=6h&segment=de%20CH');
  expect(asked.at(-1)?.with).toEqual({ model: 'router', from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-01-02T00:00:00Z'), bucketMs: 6 * HOUR, segment: 'de CH' });
});

test('what is no time, no duration or no text is refused', async () => {
  for (const query of ['?from=yesterday', '?bucket=1w', '?bucket=0h', '?segment=', '?segment=a%00', '?unknown=1']) expect([query, (await get(query)).statusCode]).toEqual([query, 400]);
});
