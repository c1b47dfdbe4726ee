import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fleet } from '../../grafana/src/fleet.ts';
import { one } from '../../grafana/src/model.ts';
import { createQueries } from '../../grafana/src/promql.ts';
import { ALERTS } from '../../grafana/src/rules.ts';
import { runs } from '../../grafana/src/runs.ts';
import { service } from '../../grafana/src/service.ts';
import { METRICS } from '../../src/telemetry/definitions.ts';
import { SCENARIOS } from '../prometheus/scenarios.ts';

const q = createQueries({ scope: [], keep: ['job'] });
const dashboards = [fleet(), one(), runs(), service()];
const panels = dashboards.flatMap((dashboard) => (dashboard.panels ?? []).flatMap((panel) => ('targets' in panel ? [{ dashboard, panel }] : [])));

describe('queries', () => {
  test('state is the maximum of the replicas, counts are summed', () => {
    expect(q.now('liveInfo', ['model'], { model: { like: 'a|b' } })).toBe('max by (job, model) (trimtab_live_adapter_info{model=~"a|b"})');
    expect(q.rate('triggers', ['reason'], '5m', { decision: 'fired' })).toBe('sum by (job, reason) (rate(trimtab_triggers_total{decision="fired"}[5m]))');
    expect(q.quantile(0.9, 'runSeconds', ['state'], '1d')).toBe('histogram_quantile(0.9, sum by (job, le, state) (rate(trimtab_run_state_seconds_bucket[1d])))');
    expect(q.increase('promotions', [], '1h', { kind: { unlike: 'x' } }, '1d')).toBe('sum by (job) (increase(trimtab_promotions_total{kind!~"x"}[1h] offset 1d))');
  });

  test('what is not defined does not compile', () => {
    // @ts-expect-error no such metric
    expect(() => q.now('renamed', [])).toThrow();
    // @ts-expect-error no such label
    expect(q.now('liveInfo', ['monitor'])).toBeDefined();
    // @ts-expect-error a counter has no buckets
    expect(q.quantile(0.9, 'triggers', [], '5m')).toBeDefined();
  });
});

describe('dashboards', () => {
  test('every panel says what it tells, from the chosen data source', () => {
    for (const { dashboard, panel } of panels) {
      const where = `${dashboard.title}: ${panel.title}`;
      expect(panel.description ?? '', where).not.toBe('');
      expect(panel.datasource, where).toMatchObject({ uid: '${datasource}' });
    }
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(4);
  });

  test('the first row answers whether it is on course', () => {
    for (const { title, panels: [first] = [] } of dashboards) expect(first, title).toMatchObject({ type: 'row', title: 'On course?' });
  });

  test('every metric is on a dashboard or says only what runs', () => {
    const asked = JSON.stringify(dashboards);
    const unseen = Object.values(METRICS).filter(({ name }) => !asked.includes(name)).map(({ name }) => name);
    expect(unseen).toEqual([]);
  });
});

describe('alerts', () => {
  const book = readFileSync(path.resolve(import.meta.dirname, '../../docs/runbooks.md'), 'utf8');
  const sections = [...book.matchAll(/^## (\S+)$/gm)].map(([, name]) => name);

  test('each has its section in the runbooks, and no section is left over', () => expect(sections).toEqual(ALERTS.map(({ alert }) => alert)));

  test('each fires in a scenario', () => {
    const fired = new Set(SCENARIOS.flatMap(({ firing }) => firing.map((each) => each.split(' ')[0])));
    expect(ALERTS.filter(({ alert }) => !fired.has(alert)).map(({ alert }) => alert)).toEqual([]);
  });
});
