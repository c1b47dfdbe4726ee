/** Panels as a dashboard lists them: title, what it tells, unit, queries. */
import { BigValueColorMode, BigValueGraphMode, BigValueTextMode, GraphDrawStyle, GraphThresholdsStyleMode, LegendDisplayMode, LegendPlacement, StackingMode, type DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { GraphThresholdsStyleConfigBuilder, ReduceDataOptionsBuilder, StackingConfigBuilder, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { DashboardLinkBuilder, ThresholdsConfigBuilder, ThresholdsMode, type DynamicConfigValue, type Threshold } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import * as lines from '@grafana/grafana-foundation-sdk/timeseries';

export const DATASOURCE: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

/** Window of rates: as long as the step of the panel asks for. */
export const WINDOW = '$__rate_interval';

export interface Query {
  readonly expr: string;
  readonly legend?: string;
  readonly exemplars?: boolean;
}

interface Common {
  readonly title: string;
  /** What it tells, and what to do when it is wrong. */
  readonly description: string;
  readonly unit?: string;
  readonly decimals?: number;
  /** Of 24. */
  readonly width?: number;
  readonly queries: readonly Query[];
  /** From the lowest on: colour, and the value it begins at. */
  readonly thresholds?: readonly (readonly [color: string, from: number | null])[];
}

const REF = 'ABCDEFGHIJ';

export interface StatSpec extends Common {
  /** Shows the name of the series instead of its value. */
  readonly names?: boolean;
}

/** One large value, as of now. */
export function stat(spec: StatSpec): stats.PanelBuilder {
  const panel = new stats.PanelBuilder()
    .title(spec.title).description(spec.description).datasource(DATASOURCE).height(4).span(spec.width ?? 4)
    .unit(spec.unit ?? 'short').noValue('none')
    .graphMode(BigValueGraphMode.None).colorMode(spec.thresholds === undefined ? BigValueColorMode.None : BigValueColorMode.Background)
    .textMode(spec.names === true ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .thresholds(thresholdsOf(spec))
    .targets(spec.queries.map((query, i) => target(query, i).instant()));
  return spec.decimals === undefined ? panel : panel.decimals(spec.decimals);
}

export interface SeriesSpec extends Common {
  readonly min?: number;
  readonly max?: number;
  /** Bars on top of one another: counts of things that happened. */
  readonly bars?: boolean;
  /** Draws the thresholds as lines. */
  readonly marked?: boolean;
  /** Fills from the series of this name down to the other: an interval. */
  readonly band?: readonly [upper: string, lower: string];
}

/** Values over time. */
export function series(spec: SeriesSpec): lines.PanelBuilder {
  let panel = new lines.PanelBuilder()
    .title(spec.title).description(spec.description).datasource(DATASOURCE).height(8).span(spec.width ?? 12)
    .unit(spec.unit ?? 'short').lineWidth(1).fillOpacity(spec.bars === true ? 60 : 0).spanNulls(60_000)
    .drawStyle(spec.bars === true ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true).calcs(['lastNotNull']))
    .thresholds(thresholdsOf(spec))
    .targets(spec.queries.map((query, i) => target(query, i).range()));
  if (spec.bars === true) panel = panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (spec.marked === true) panel = panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  if (spec.min !== undefined) panel = panel.min(spec.min);
  if (spec.max !== undefined) panel = panel.max(spec.max);
  if (spec.decimals !== undefined) panel = panel.decimals(spec.decimals);
  if (spec.band !== undefined) {
    const [upper, lower] = spec.band;
    panel = panel.overrideByRegexp(upper, [{ id: 'custom.fillBelowTo', value: lower }, { id: 'custom.fillOpacity', value: 15 }, { id: 'custom.lineWidth', value: 0 }])
      .overrideByRegexp(lower, [{ id: 'custom.lineWidth', value: 0 }]);
  }
  return panel;
}

export interface Column extends Query {
  readonly name: string;
  readonly unit?: string;
  readonly thresholds?: Common['thresholds'];
}

/** One row for each value of a label, as of now; the label is the first column and links on. */
export function table(spec: Omit<Common, 'queries' | 'unit'> & { readonly label: string; readonly link: string; readonly hidden: readonly string[]; readonly columns: readonly Column[] }): tables.PanelBuilder {
  const excluded = ['Time', ...spec.hidden, ...spec.columns.map((_, i) => `Time ${i + 1}`)];
  let panel = new tables.PanelBuilder()
    .title(spec.title).description(spec.description).datasource(DATASOURCE).height(9).span(spec.width ?? 24)
    .targets(spec.columns.map((query, i) => target(query, i).instant().format(PromQueryFormat.Table)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: { excludeByName: Object.fromEntries(excluded.map((name) => [name, true])), renameByName: Object.fromEntries(spec.columns.map(({ name }, i) => [`Value #${REF[i]}`, name])) } })
    .overrideByName(spec.label, [{ id: 'links', value: [{ title: 'look at it', url: spec.link }] }]);
  for (const { name, unit, thresholds } of spec.columns) {
    const properties: DynamicConfigValue[] = [{ id: 'unit', value: unit ?? 'short' }];
    if (thresholds !== undefined) properties.push({ id: 'thresholds', value: { mode: 'absolute', steps: stepsOf(thresholds) } }, { id: 'custom.cellOptions', value: { type: 'color-background' } });
    panel = panel.overrideByName(name, properties);
  }
  return panel;
}

export const link = (title: string, url: string) => new DashboardLinkBuilder(title).url(url).keepTime(true).includeVars(true);

function target({ expr, legend, exemplars }: Query, i: number): DataqueryBuilder {
  const query = new DataqueryBuilder().refId(REF[i] as string).datasource(DATASOURCE).expr(expr).legendFormat(legend ?? '__auto');
  return exemplars === true ? query.exemplar(true) : query;
}

function thresholdsOf({ thresholds = [['green', null]] }: Common): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(thresholds));
}

const stepsOf = (thresholds: NonNullable<Common['thresholds']>): Threshold[] => thresholds.map(([color, value]) => ({ color, value }));
