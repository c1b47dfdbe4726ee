/** The chart before anything runs: its own tests, its values' schema, and its manifests against the real API server's schemas and against kube-score. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeSchemas } from './schemas.ts';
import { CHART, helm, KINDS, ran, ROOT, tried, valuesOf } from './tools.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'trimtab-schemas-'));
  expect(await writeSchemas(folder)).toBeGreaterThan(100);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** With all that a values file can leave out. */
const EVERYTHING = ['--set', 'migrations.mode=job', '--set', 'objects.s3.uri=,persistence.accessMode=ReadWriteMany', '--set', 'ingress.enabled=true,ingress.host=trimtab.example,ingress.tlsSecret=tls', '--set', 'models.existingClaim=models', '--set', 'metrics.serviceMonitor.renderMode=alwaysRender'];
const manifests = (...args: string[]) => helm('template', 'trimtab', CHART, ...args);
const conform = (text: string) => tried('kubeconform', ['-strict', '-summary', '-schema-location', `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`, '-'], text);

// What kube-score asks for and this chart declines, and why.
const DECLINED = [
  // CPU that nobody else wants may be used; a limit would only slow training down
  '--ignore-container-cpu-limit',
  // images that are pinned or preloaded (kind) need no pull at each start
  '--ignore-test', 'container-image-pull-policy',
  // there is one runner, by design: a budget would keep its node from ever being emptied
  '--ignore-test', 'statefulset-has-poddisruptionbudget',
];

describe.each(KINDS)('%s', (kind) => {
  test('helm lint', async () => {
    expect(await helm('lint', '--strict', CHART, '-f', valuesOf(kind))).toContain('0 chart(s) failed');
  });

  test('conforms to the schemas of the API server', async () => {
    const { code, stdout } = await conform(await manifests('-f', valuesOf(kind)));
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/Invalid: 0, Errors: 0, Skipped: 0/) as string });
  });

  test('kube-score finds nothing critical', async () => {
    await ran('kube-score', ['score', ...DECLINED, '-'], await manifests('-f', valuesOf(kind)));
  });
});

test('with everything on', async () => {
  const text = await manifests('-f', valuesOf('production'), ...EVERYTHING);
  for (const kind of ['Job', 'Ingress', 'ServiceMonitor', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy']) expect(text).toContain(`kind: ${kind}\n`);
  const { code, stdout } = await conform(text);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  await ran('kube-score', ['score', ...DECLINED, '-'], text);
});

test('every variable that is set is one that the service reads', async () => {
  const config = await readFile(path.join(ROOT, 'src/config.ts'), 'utf8');
  const names = [...(await manifests('-f', valuesOf('production'), '--set', 'migrations.mode=job', '--set', 'objects.s3.endpoint=http://minio:9000')).matchAll(/\bname: ((?:TRIMTAB|AWS)_\w+|DATABASE_URL)/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !config.includes(`'${name}'`))).toEqual([]);
});

test('the schemas refuse what does not exist', async () => {
  const text = (await manifests('-f', valuesOf('laptop'))).replace('readOnlyRootFilesystem:', 'readOnlyRoot:');
  expect((await conform(text)).stdout).toMatch(/readOnlyRoot/);
});

test('helm-unittest', async () => {
  expect(await ran('helm-unittest', ['--color=false', '--file', '../../tests/cluster/unittest/*.yaml', CHART])).toMatch(/Test Suites: +\d+ passed, \d+ total/);
});

const WRONG: readonly [string, readonly string[], RegExp][] = [
  ['no key', ['--set', 'apiKey.existingSecret='], /apiKey.existingSecret is empty/],
  ['a value that does not exist', ['--set', 'replicas=2'], /replicas/],
  ['api pods without a database', ['--set', 'api.replicas=2'], /api pods need a database/],
  ['api pods without a volume that they share', ['--set', 'api.replicas=2,database.existingSecret=x'], /accessMode is ReadWriteOnce and should be ReadWriteMany/],
  ['a bucket without its keys', ['--set', 'objects.s3.uri=s3://adapters'], /objects.s3.uri needs objects.s3.region and objects.s3.existingSecret/],
  ['a migration job for the embedded database', ['--set', 'migrations.mode=job'], /migrations.mode=job needs a database/],
  ['a setting that is the chart\'s', ['--set', 'env.TRIMTAB_RUNS=off'], /env.TRIMTAB_RUNS: the chart sets it itself/],
  ['a setting that is none', ['--set', 'env.PATH=x'], /PATH/],
  ['a monitor that the cluster must know', ['--set', 'metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.renderMode=failIfMissing'], /does not know monitoring.coreos.com\/v1 ServiceMonitor/],
];
test.each(WRONG)('refused: %s', async (_, args, problem) => {
  const { code, stderr } = await tried('helm', ['template', 'trimtab', CHART, '-f', valuesOf('laptop'), ...args]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(problem);
});
