/**
 * `npm run dashboards` writes dashboards, rules and docs/metrics.md from the definitions of the metrics; with --check it only says
 * whether what is committed is what would be written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { fleet } from './src/fleet.ts';
import { one } from './src/model.ts';
import { metricsReference } from './src/reference.ts';
import { ruleGroups } from './src/rules.ts';
import { runs } from './src/runs.ts';
import { service } from './src/service.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const FILES: Readonly<Record<string, () => string>> = {
  'grafana/dashboards/fleet.json': () => json(fleet()),
  'grafana/dashboards/model.json': () => json(one()),
  'grafana/dashboards/runs.json': () => json(runs()),
  'grafana/dashboards/service.json': () => json(service()),
  'grafana/rules/trimtab.rules.yaml': () => `# Made by \`npm run dashboards\`; do not edit.\n${stringify(ruleGroups(), { lineWidth: 0 })}`,
  'docs/metrics.md': metricsReference,
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [file, make] of Object.entries(FILES)) {
  const target = path.join(ROOT, file);
  if (check && contentOf(target) !== make()) stale.push(file);
  if (!check) writeFileSync(target, make());
}
if (stale.length > 0) {
  process.stderr.write(`not as the definitions say: ${stale.join(', ')}; run npm run dashboards\n`);
  process.exitCode = 1;
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
