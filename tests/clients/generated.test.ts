/** The clients' operations are made from the service's description: `vitest run tests/clients/generated.test.ts -u` writes them, and this fails when they are out of date. */
import { expect, test } from 'vitest';
import { operationsOf, type OpenApi } from '../../clients/generate/operations.ts';
import { pythonOf } from '../../clients/generate/python.ts';
import { typescriptOf } from '../../clients/generate/typescript.ts';
import { serve } from '../http/support.ts';

const app = await serve();
const api = app.swagger() as unknown as OpenApi;
await app.close();

test('the TypeScript client has every operation', async () => {
  await expect(typescriptOf(api)).toMatchFileSnapshot('../../clients/typescript/operations.ts');
});

test('the Python client has every operation', async () => {
  await expect(pythonOf(api)).toMatchFileSnapshot('../../clients/python/trimtab_client/operations.py');
});

test('every route under /v1 that speaks JSON is there once', () => {
  const names = operationsOf(api).map(({ group, name }) => `${group}.${name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['models.list', 'models.get', 'models.put', 'models.triggers', 'models.createTrigger', 'models.rollback', 'predictions.send', 'runs.approve', 'keys.delete']));
});
