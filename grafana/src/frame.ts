/** What all dashboards share: variables, links to one another, annotations of what changed. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { AnnotationQueryBuilder, DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, DatasourceVariableBuilder, QueryVariableBuilder, RowBuilder, VariableRefresh, VariableSort, type Dashboard, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { METRICS } from '../../src/telemetry/definitions.ts';
import { DATASOURCE } from './panels.ts';
import { createQueries } from './promql.ts';

/** All series of the chosen namespace; without Kubernetes there is none, and All takes them, too. */
export const q = createQueries({ scope: ['namespace=~"$namespace"'], keep: [] });

export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** `one`, or any number, of the models; left out: all, without asking. */
  readonly model?: 'one' | 'many';
  readonly rows: readonly Row[];
}

const TAG = 'trimtab';

export function dashboard({ uid, title, description, model, rows }: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid).description(description).tags([TAG]).timezone('browser').refresh('30s').time({ from: 'now-24h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(variable('namespace', 'Namespace', METRICS.buildInfo.name).includeAll(true).multi(true).allValue('.*'))
    .link(new DashboardLinkBuilder('Trimtab').type(DashboardLinkType.Dashboards).tags([TAG]).keepTime(true).includeVars(true));
  if (model !== undefined) {
    const models = variable('model', 'Model', METRICS.modelInfo.name);
    builder.withVariable(model === 'one' ? models : models.includeAll(true).multi(true).allValue('.*'));
  }
  const match = model === undefined ? {} : { model: { like: '$model' } };
  builder
    .annotation(annotation('Went live', 'green', `1000 * ${q.now('liveSince', ['model'], match)}`, '{{model}}'))
    .annotation(annotation('Incident', 'red', `1000 * ${q.now('incidentOpened', ['model', 'monitor'], match)}`, '{{model}}: {{monitor}}'));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  return builder.build();
}

function variable(name: 'namespace' | 'model', label: string, metric: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name).label(label).datasource(DATASOURCE).query(`label_values(${metric}, ${name})`).refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc);
}

/** The value of the series is the time of the mark. */
function annotation(name: string, color: string, expr: string, title: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder().name(name).datasource(DATASOURCE).enable(true).iconColor(color).expr(expr).titleFormat(name).textFormat(title).step('60s').useValueForTime(true);
}
