/** docs/metrics.md, from the definitions. */
import { METRICS, OPEN_LABELS, PROCESS, type Definition, type Values } from '../../src/telemetry/definitions.ts';

const HEAD = `# Metrics

Made by \`npm run dashboards\` from [definitions.ts](../src/telemetry/definitions.ts); do not edit.

\`GET /metrics\` answers without a key, in OpenMetrics with exemplars (run, incident and request ids) for who accepts it, else in the text format of Prometheus.

- **event** counts what happened, in the replica where it happened: sum over replicas.
- **replica** is so in one replica.
- **state** is read from the database when somebody scrapes, alike from every replica: take the maximum. While the database does not answer these are left out and \`${METRICS.databaseUp.name}\` is 0.

No label holds an id or a text, so the number of series depends on models and routes, never on traffic.
`;

const SECTIONS: readonly (readonly [title: string, of: RegExp])[] = [
  ['Ingest and predict', /_(ingest|predict)_/], ['HTTP', /_http_/], ['Drift and quality', /_(pane|monitor|incidents?|quality)_/], ['Triggers', /_triggers?_/],
  ['Runs and exams', /_(runs?|exam)(_|$)/], ['Training', /_training_/], ['What is live', /_(model|live|promotions|target)_/],
  ['Queue and wakes', /_(queue|wakes)_/], ['Webhooks', /_webhooks?_/], ['The service', /_(build|database|state)_/],
];

export function metricsReference(): string {
  const definitions: readonly Definition[] = Object.values(METRICS);
  const left = new Set(definitions);
  const sections = SECTIONS.map(([title, of]) => {
    const mine = [...left].filter(({ name }) => of.test(name));
    for (const each of mine) left.delete(each);
    return `## ${title}\n\n| metric | kind | labels | what it tells |\n|---|---|---|---|\n${mine.map(row).join('\n')}\n`;
  });
  if (left.size > 0) throw new Error(`no section of docs/metrics.md takes ${[...left].map(({ name }) => name).join(', ')}`);
  return [HEAD, ...sections, labels(), processes()].join('\n');
}

function row(definition: Definition): string {
  const kind = definition.type === 'gauge' ? `gauge, ${definition.from}` : `${definition.type}, event`;
  const labelled = Object.entries(definition.labels).map(([name, values]) => `\`${name}\`${valuesOf(values)}`).join(', ');
  return `| \`${definition.name}\` | ${kind} | ${labelled} | ${definition.help} |`;
}

const valuesOf = (values: Values) => (typeof values === 'string' ? '' : ` (${values.join(', ')})`);

function labels(): string {
  return `## Labels without a list\n\n| label | is one of |\n|---|---|\n${Object.entries(OPEN_LABELS).map(([name, bound]) => `| \`${name}\` | ${bound} |`).join('\n')}\n`;
}

function processes(): string {
  return `## Of the process\n\nWhat prom-client tells of every Node.js process is there, too, under its usual names; the dashboards use ${Object.values(PROCESS).map((name) => `\`${name}\``).join(', ')}.\n`;
}
