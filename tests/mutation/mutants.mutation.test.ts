import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FAULTS } from './faults.ts';

// A fault that no test notices could stand in the code today. Each is put into a copy; the test that is named beside it must fail there, by its
// assertions, and pass without it.

const ROOT = path.resolve(import.meta.dirname, '../..');
const COPIED = ['src', 'tests/statistics', 'tests/profile', 'tests/drift'];
let copy = '';

beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'trimtab-mutants-'));
  for (const folder of COPIED) await cp(path.join(ROOT, folder), path.join(copy, folder), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  await writeFile(path.join(copy, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(copy, 'vitest.config.mjs'), `export default { cacheDir: '.cache', test: { include: ['tests/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 } };`);
});
afterAll(() => rm(copy, { recursive: true, force: true }));

interface Outcome {
  readonly passed: number;
  /** Names of the tests that failed. */
  readonly failed: readonly string[];
  /** Files that could not even be read: a mutant that does not parse proves nothing. */
  readonly broken: readonly string[];
}

async function run(files: readonly string[], named: string): Promise<Outcome> {
  const report = path.join(copy, 'report.json');
  await rm(report, { force: true });
  const filter = named === '' ? [] : ['--testNamePattern', named.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')];
  const args = [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', copy, '--reporter', 'json', '--outputFile', report, ...filter, ...files];
  // the exit code says no more than the report
  await new Promise<void>((resolve) => void execFile(process.execPath, args, { cwd: copy }, () => resolve()));
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as { testResults: { name: string; message: string; assertionResults: { status: string; fullName: string }[] }[] };
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: all.filter(({ status }) => status === 'passed').length,
    failed: all.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    broken: testResults.filter(({ assertionResults }) => assertionResults.length === 0).map(({ name, message }) => `${name}: ${message}`),
  };
}

test('without a fault all of these tests pass', async () => {
  const clean = await run([...new Set(FAULTS.map((each) => each.test))], '');
  expect(clean).toMatchObject({ failed: [], broken: [] });
  expect(clean.passed).toBeGreaterThan(FAULTS.length);
});

test.for(FAULTS)('$fault', async ({ file, find, replace, test: which, named }, { annotate }) => {
  const at = path.join(copy, file);
  const text = await readFile(at, 'utf8');
  expect(text.split(find), `"${find}" must stand once in ${file}: the fault has to follow the code`).toHaveLength(2);
  await writeFile(at, text.replace(find, () => replace));
  const mutant = await run([which], named).finally(() => writeFile(at, text));
  expect(mutant.broken).toEqual([]);
  expect(mutant.failed, 'no test notices the fault').not.toEqual([]);
  await annotate(`killed by: ${mutant.failed.join('; ')}`);
});
