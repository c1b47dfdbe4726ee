/** The commands that speak to a running service, and the export of what it made: a real service, a real adapter. */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { adapterDigest, readAdapter } from '../../src/lora/adapter-files.ts';
import { home, KEY, rows, service, spec } from '../runs/world.ts';
import { testDatabase } from '../support/postgres.ts';
import { keep } from './context.ts';

const { url } = await testDatabase();
let place: Awaited<ReturnType<typeof home>>;
let world: Awaited<ReturnType<typeof service>>;
let runId = '';
beforeAll(async () => {
  place = await home();
  world = await service(url, place.root);
  await world.app.start();
  expect((await world.call('PUT', '/v1/models/router', spec('router'))).status).toBe(201);
});
afterAll(async () => {
  await world.app.stop();
  await place.remove();
});

const cli = () => keep({ databaseUrl: url, dataDir: path.join(place.root, 'data'), apiKey: KEY });
const asked = async (...args: string[]) => {
  const kept = cli();
  const code = await run([...args, '--url', world.app.url], kept);
  return { code, ...kept };
};

describe('a running service', () => {
  test('status: a model without adapter, and one with', async () => {
    expect((await asked('status')).lines[1]).toMatch(/^router {2,}none {2,}/);
    await world.call('POST', '/v1/models/router/import', rows(240, 1));
    const { code, lines } = await asked('retrain', 'router', '--reason', 'first rows', '--json');
    const trigger = JSON.parse(lines[0] ?? '') as { decision: string; runId: string; why: string };
    expect({ code, decision: trigger.decision }).toEqual({ code: 0, decision: 'fired' });
    runId = trigger.runId;
    await world.app.idle();
    const after = JSON.parse((await asked('status', '--json')).lines[0] ?? '') as object[];
    expect(after).toEqual([{ model: 'router', live: expect.stringMatching(/^router--v1-/) as string, score: null, labelled: 0, openIncidents: 0, run: null }]);
  });

  test('what it refuses comes in its own words', async () => {
    expect(await asked('promote', runId)).toMatchObject({ code: 1, errors: [expect.stringContaining('answered 409')] });
    expect(await asked('promote', 'nobody-r1')).toMatchObject({ code: 1, errors: [expect.stringContaining('there is no run "nobody-r1"')] });
    expect(await asked('rollback', 'router', '--reason', 'it looks odd')).toMatchObject({ code: 1, errors: [expect.stringContaining('answered 409')] });
    expect(await asked('rollback', 'router')).toMatchObject({ code: 2, errors: [expect.stringContaining('--reason')] });
    const kept = cli();
    expect(await run(['status', '--url', world.app.url, '--key', 'wrong'], kept)).toBe(1);
    expect(kept.errors[0]).toContain('answered 401');
  });
});

describe('export', () => {
  test('a folder with the very weights, the base by another name, and a card', async () => {
    const [adapter] = await world.app.parts.registry.adapters('router');
    const folder = path.join(place.root, 'exported');
    const kept = cli();
    expect(await run(['export', adapter?.id ?? '', folder, '--base-name', 'org/tiny'], kept)).toBe(0);
    const files = await readAdapter(folder);
    expect(adapterDigest(files)).toBe(adapter?.sha256);
    expect(JSON.parse(new TextDecoder().decode(files.config))).toMatchObject({ peft_type: 'LORA', base_model_name_or_path: 'org/tiny', r: 4 });
    const card = await readFile(path.join(folder, 'README.md'), 'utf8');
    for (const said of ['base_model: "org/tiny"', 'library_name: peft', `run ${runId}`, `| weights, sha256 | ${adapter?.sha256} |`, 'labels | music, travel, weather', 'The challenger is better', '| rank, alpha | 4, 8 |']) {
      expect(card).toContain(said);
    }
  });

  test('an MLflow model around the same files; a format that nobody knows is a wrong call', async () => {
    const [adapter] = await world.app.parts.registry.adapters('router');
    const folder = path.join(place.root, 'mlflow');
    expect(await run(['export', adapter?.id ?? '', folder, '--format', 'mlflow'], cli())).toBe(0);
    expect(adapterDigest(await readAdapter(path.join(folder, 'adapter')))).toBe(adapter?.sha256);
    const model = JSON.parse(await readFile(path.join(folder, 'MLmodel'), 'utf8')) as { signature: { outputs: string } };
    expect(JSON.parse(model.signature.outputs)).toMatchObject([{ name: 'label', type: 'string' }, { name: 'confidence', type: 'double' }]);
    await access(path.join(folder, 'code', 'trimtab_mlflow.py'));
    expect(await run(['export', adapter?.id ?? '', path.join(place.root, 'other'), '--format', 'onnx'], cli())).toBe(2);
  });

  test('never into a folder that exists, nor of an adapter that does not', async () => {
    const [adapter] = await world.app.parts.registry.adapters('router');
    const kept = cli();
    expect(await run(['export', adapter?.id ?? '', place.root], kept)).toBe(1);
    expect(kept.errors[0]).toContain('exists; name a folder that does not exist yet');
    const folder = path.join(place.root, 'never');
    expect(await run(['export', 'nobody--v1-00000000', folder], cli())).toBe(1);
    await expect(access(folder)).rejects.toThrow();
  });
});
