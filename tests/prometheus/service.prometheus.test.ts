/**
 * Every query of every dashboard and every rule against a real Prometheus that scraped the real service while it trained, promoted,
 * drifted and failed: what returns no data here would be an empty panel, or an alert that never comes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALERTS, RECORDING } from '../../grafana/src/rules.ts';
import { METRICS } from '../../src/telemetry/definitions.ts';
import { installed, startPrometheus, type Prometheus } from './neighbour.ts';
import { until } from './process.ts';
import { startService, type Service } from './service.ts';
import { feed, play } from './traffic.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../grafana/dashboards');
const MINUTES = 10;
const version = installed('prometheus');
if (version === null) console.warn('SKIPPED: prometheus is not on this machine (Debian: apt-get install prometheus)');

interface Asked {
  readonly where: string;
  readonly expr: string;
  readonly instant: boolean;
}

/** As Grafana would replace them, for one model. */
const replaced = (expr: string) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', '.*').replaceAll('$model', 'router');

const dashboards = readdirSync(FOLDER).filter((file) => file.endsWith('.json')).map((file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Dashboard);
const panels: Asked[] = dashboards.flatMap((dashboard) => (dashboard.panels ?? []).flatMap((panel) => {
  if (!('targets' in panel)) return [];
  return (panel.targets as unknown as { expr: string; instant?: boolean }[]).map(({ expr, instant }) => ({ where: `${dashboard.title}: ${panel.title}`, expr: replaced(expr), instant: instant === true }));
}));
const annotations: Asked[] = dashboards.flatMap((dashboard) => (dashboard.annotations?.list ?? []).map(({ name, expr }) => ({ where: `${dashboard.title}: annotation ${name}`, expr: replaced(expr ?? ''), instant: true })));

describe.skipIf(version === null)('a real Prometheus', () => {
  let service: Service;
  let prometheus: Prometheus;
  beforeAll(async () => {
    service = await startService();
    prometheus = await startPrometheus(service.url);
    await play(service);
    const drifted = `${METRICS.triggerWaiting.name}{model="router"} and on (model) ${METRICS.monitorEffect.name}{monitor="error",bound="lower"}`;
    await until('what came after the drift is scraped', async () => (await prometheus.query(drifted)).length > 0);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await service?.stop();
  });

  const empty = async (asked: readonly Asked[]): Promise<string[]> => {
    const found: string[] = [];
    for (const { where, expr, instant } of asked) {
      const answer = instant ? await prometheus.query(expr) : await prometheus.range(expr, MINUTES);
      if (answer.length === 0) found.push(`${where}\n    ${expr}`);
    }
    return found;
  };

  test('every metric has series', async () => {
    const names = Object.values(METRICS).map((definition) => (definition.type === 'histogram' ? `${definition.name}_count` : definition.name));
    const missing = await empty(names.map((name) => ({ where: name, expr: name, instant: false })));
    expect(missing).toEqual([]);
  });

  test('every panel has data', async () => {
    expect(panels.length).toBeGreaterThan(80);
    expect(await empty(panels)).toEqual([]);
  });

  test('every annotation has data, at a time that can be', async () => {
    expect(annotations).toHaveLength(2 * dashboards.length);
    expect(await empty(annotations)).toEqual([]);
    for (const { expr } of annotations) {
      for (const { value } of await prometheus.query(expr)) expect(Math.abs(Number(value?.[1]) - Date.now())).toBeLessThan(MINUTES * 60_000);
    }
  });

  test('every rule is evaluated, and what it measures has data', async () => {
    const rules = await prometheus.rules();
    expect(rules).toHaveLength(ALERTS.length + RECORDING.length);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const recorded = RECORDING.map(({ record, expr }) => [record, expr]).flat().map((expr) => ({ where: 'recording', expr, instant: true }));
    const measured = ALERTS.flatMap(({ alert, measures }) => measures.map((expr) => ({ where: alert, expr, instant: true })));
    expect(await empty([...recorded, ...measured])).toEqual([]);
  });

  test('what went wrong here is alerted', async () => {
    const firing = async () => (await prometheus.query('ALERTS{alertstate="firing"}')).map(({ metric }) => `${metric['alertname']} ${metric['model'] ?? ''}`);
    await until('alerts fire', async () => (await firing()).length >= 2);
    expect(await firing()).toEqual(expect.arrayContaining(['TrimtabPerformanceDrop router', 'TrimtabRunFailed few']));
  });

  test('an exemplar leads from a metric to the run', async () => {
    const found = await prometheus.exemplars(METRICS.runOutcomes.name);
    expect(found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['run']))).toEqual(expect.arrayContaining(['router-r1', 'few-r1']));
  });

  test('series are of models and routes: more traffic makes none', async () => {
    const count = async () => Number((await prometheus.query('scrape_samples_scraped{job="trimtab"}'))[0]?.value?.[1]);
    const before = await count();
    for (let seed = 10; seed < 14; seed++) await feed(service, seed, (right) => right);
    const rowsOf = async () => Number((await prometheus.query(`sum(${METRICS.ingestRows.name}{kind="predictions",result="accepted"})`))[0]?.value?.[1]);
    await until('it is scraped', async () => (await rowsOf()) >= 7 * 120);
    expect(await count()).toBe(before);
  });
});
