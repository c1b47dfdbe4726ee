/** A real Prometheus (Debian's package `prometheus`) that scrapes the service every second, and what its API says. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePort, stopped, until } from './process.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** [seconds, value] of an instant query. */
  readonly value?: readonly [number, string];
  /** The same of a range query. */
  readonly values?: readonly (readonly [number, string])[];
}

export interface Prometheus {
  /** Of one instant, now. @throws Error with the words of Prometheus for what is not PromQL */
  query(expression: string): Promise<Sample[]>;
  /** Of the last minutes, a point a second. */
  range(expression: string, minutes: number): Promise<Sample[]>;
  exemplars(expression: string): Promise<{ exemplars: { labels: Readonly<Record<string, string>> }[] }[]>;
  rules(): Promise<{ name: string; health: string; lastError?: string }[]>;
  stop(): Promise<void>;
}

/** Its version, or null where it is not installed. */
export function installed(command: 'prometheus' | 'promtool'): string | null {
  try {
    return execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0] ?? '';
  } catch {
    return null;
  }
}

export const RULES = path.resolve(import.meta.dirname, '../../grafana/rules/trimtab.rules.yaml');

export async function startPrometheus(service: string): Promise<Prometheus> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-prometheus-'));
  const port = await freePort();
  const config = path.join(dir, 'prometheus.yml');
  const scrape = { job_name: 'trimtab', static_configs: [{ targets: [new URL(service).host] }] };
  // JSON is YAML
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }, rule_files: [RULES], scrape_configs: [scrape] }));
  const child = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${path.join(dir, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--enable-feature=exemplar-storage', '--log.level=warn'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  const ask = async <T>(at: string, parameters: Readonly<Record<string, string>>): Promise<T> => {
    const answer = (await (await fetch(`${url}/api/v1/${at}`, { method: 'POST', body: new URLSearchParams(parameters) })).json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`${parameters['query'] ?? at}: ${answer.error}`);
    return answer.data;
  };
  await until('Prometheus is ready', () => fetch(`${url}/-/ready`).then(({ ok }) => ok, () => false));
  return {
    query: async (query) => (await ask<{ result: Sample[] }>('query', { query })).result,
    range: async (query, minutes) => {
      const now = Date.now() / 1000;
      return (await ask<{ result: Sample[] }>('query_range', { query, start: String(now - 60 * minutes), end: String(now), step: '1' })).result;
    },
    exemplars: async (query) => ask('query_exemplars', { query, start: String(Date.now() / 1000 - 3_600), end: String(Date.now() / 1000) }),
    rules: async () => ((await (await fetch(`${url}/api/v1/rules`)).json()) as { data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] } }).data.groups.flatMap(({ rules }) => rules),
    async stop() {
      await stopped(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
