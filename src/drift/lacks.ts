/** What a policy asks for and the stored profiles do not hold. */
import { INPUT, OUTPUT, type ReferenceBody } from '../profile/index.ts';
import { milliseconds, partingOf, type ModelSpec } from '../spec.ts';
import { SECOND } from '../vocabulary.ts';

/** Panes close when somebody looks, a little later than they might. */
const LATE = 1.1;

/** The policy's pane, or the shortest stored one where that is longer: what was summed cannot be cut. */
export function paneThatCanBePlayed(asked: string, shortest: number | null, lacks: Set<string>): string {
  if (shortest === null || shortest <= LATE * milliseconds(asked)) return asked;
  const stored = `${Math.floor(shortest / SECOND)}s`;
  lacks.add(`panes of ${asked} cannot be cut out of stored ones of ${stored}: played with ${stored}, thresholds too`);
  return stored;
}

/** Of one reference: by it the panes were profiled. */
export function lacksOf(reference: ReferenceBody, spec: ModelSpec): string[] {
  const { segments, season, clusterKey } = partingOf(spec);
  const under = `under ${reference.adapter}`;
  const divided = reference.divisions.flatMap((each) => (each.kind === 'segment' ? [each.by] : []));
  const seasoned = reference.divisions.find((each) => each.kind === 'season')?.by ?? null;
  const columns = new Set(reference.columns.map(({ name }) => name));
  return [
    ...segments.filter((by) => !divided.includes(by)).map((by) => `segment "${by}" was not profiled ${under}: played without it`),
    ...divided.filter((by) => !segments.includes(by)).map((by) => `segment "${by}" was profiled ${under} and stays watched until the next promotion: played with it`),
    ...((season?.by ?? null) === seasoned ? [] : [season === null ? `season ${seasoned} was profiled ${under} and holds until the next promotion: played with it` : `season ${season.by} was not profiled ${under}: played ${seasoned === null ? 'without seasons' : `with ${seasoned}`}`]),
    ...(clusterKey === reference.clusterKey ? [] : [`rows were counted ${reference.clusterKey === null ? 'each by itself' : `once a cluster of "${reference.clusterKey}"`} ${under}: played so, not by ${clusterKey === null ? 'row' : `cluster of "${clusterKey}"`}`]),
    ...Object.keys(spec.monitor.columns).filter((name) => name !== INPUT && name !== OUTPUT && !columns.has(name)).map((name) => `column "${name}" was not profiled ${under}: played without it`),
  ];
}
