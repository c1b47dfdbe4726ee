/** The rules as Prometheus's own tool sees them: valid, and firing in the scenarios that they are for, and in no others. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { installed, RULES } from './neighbour.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const version = installed('promtool');
if (version === null) console.warn('SKIPPED: promtool is not on this machine (Debian: apt-get install prometheus)');

const dir = mkdtempSync(path.join(os.tmpdir(), 'trimtab-promtool-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Exit code and all that it says. */
function promtool(...given: string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', given, { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

/** All that fires is asked for, so that an alert too many fails as one that is missing. */
function asTest({ name, series, every, at, firing, recorded = {} }: Scenario): object {
  const alert = (each: string) => {
    const [alertname, model] = each.split(' ');
    return { labels: `{alertname="${alertname}"${model === undefined ? '' : `,model="${model}"`}}`, value: 1 };
  };
  return {
    name, interval: every, input_series: series,
    promql_expr_test: [
      { expr: 'count by (alertname, model) (ALERTS{alertstate="firing"})', eval_time: at, exp_samples: firing.map(alert) },
      ...Object.entries(recorded).map(([record, value]) => ({ expr: `round(1e6 * max(${record}))`, eval_time: at, exp_samples: [{ labels: '{}', value: Math.round(value * 1e6) }] })),
    ],
  };
}

/** JSON is YAML. */
function testRules(scenarios: readonly Scenario[], every: Scenario['every']): ReturnType<typeof promtool> {
  const file = path.join(dir, `${every}-${scenarios.length}.json`);
  writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: every, tests: scenarios.map(asTest) }));
  return promtool('test', 'rules', file);
}

describe.skipIf(version === null)('promtool', () => {
  test('the rules are valid', () => expect(promtool('check', 'rules', RULES).said).toContain('SUCCESS'));

  test.each(['1m', '30m'] as const)('what fires, evaluated every %s', (every) => {
    const { code, said } = testRules(SCENARIOS.filter((scenario) => scenario.every === every), every);
    expect(code, said).toBe(0);
  });

  test('a scenario can fail', () => {
    const [calm] = SCENARIOS as [Scenario];
    expect(testRules([{ ...calm, firing: ['TrimtabDrift m'] }], calm.every).code).toBe(1);
  });
});
