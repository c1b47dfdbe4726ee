/** The clients and their examples against the real service. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createService } from '../../clients/examples/fastify-service.ts';
import { createClient } from '../../clients/typescript/index.ts';
import { home, KEY, service } from '../runs/world.ts';
import { testDatabase } from '../support/postgres.ts';

const { url, pool } = await testDatabase();
const run = promisify(execFile);
const python = await run('python3', ['-c', 'import sys; assert sys.version_info >= (3, 10)']).then(() => true, () => false);
let place: Awaited<ReturnType<typeof home>>;
let world: Awaited<ReturnType<typeof service>>;
beforeAll(async () => {
  place = await home();
  world = await service(url, place.root);
  await world.app.start();
});
afterAll(async () => {
  await world.app.stop();
  await place.remove();
});

const stored = async (model: string) => (await pool.query<{ id: string }>('select id from predictions where model = $1 order by id', [model])).rows.map(({ id }) => id);

describe('TypeScript', () => {
  test('operations and batches: every row once, refused ones told', async () => {
    const client = createClient({ url: world.app.url, key: KEY });
    const model = await client.models.put('ts', { task: 'classification', serving: {} });
    expect(model).toMatchObject({ name: 'ts', version: 1, changed: true });
    const lost: string[] = [];
    const predictions = client.predictionBatches({ maxRows: 40, onLost: ({ id }, reason) => lost.push(`${id}: ${reason}`) });
    for (let i = 0; i < 100; i++) predictions.add({ model: 'ts', id: `p${String(i).padStart(2, '0')}`, input: `text ${i}`, label: 'a', confidence: i === 7 ? 2 : 0.5 });
    predictions.add({ model: 'ts', input: 'without an id', label: 'b' });
    await predictions.close();
    expect(lost).toEqual([expect.stringContaining('p07: ')]);
    expect(await stored('ts')).toHaveLength(100);
    await expect(client.runs.get('nobody-r1')).rejects.toMatchObject({ code: 'not-found', status: 404 });
  });

  test('the fastify example: what it answers and what it is told arrive', async () => {
    await createClient({ url: world.app.url, key: KEY }).models.put('shop', { task: 'classification', serving: {} });
    const shop = createService({ trimtabUrl: world.app.url, key: KEY, model: 'shop', classify: () => Promise.resolve({ label: 'a', confidence: 0.75 }) });
    const { id } = (await shop.inject({ method: 'POST', url: '/classify', payload: { text: 'is it open?' } })).json<{ id: string }>();
    expect((await shop.inject({ method: 'POST', url: `/corrections/${id}`, payload: { label: 'b' } })).statusCode).toBe(202);
    await shop.close();
    expect(await stored('shop')).toEqual([id]);
    expect((await pool.query('select label from feedback where model = $1 and prediction_id = $2', ['shop', id])).rows).toEqual([{ label: 'b' }]);
  });
});

test.skipIf(!python)('Python: client, chain callback and vLLM logs', async () => {
  const { stdout, stderr } = await run('python3', [path.join(import.meta.dirname, 'service.py'), world.app.url, KEY]);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({ models: expect.arrayContaining(['bot', 'py']) as string[] });
  // the one line of the log that is none is named
  expect(stderr).toContain("line 2: KeyError: 'request'");
  expect(await stored('bot')).toEqual(['cmpl-1', 'run-1']);
  expect(await stored('py')).toHaveLength(249);
});
