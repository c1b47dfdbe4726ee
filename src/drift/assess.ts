/**
 * What is found out of an incident once it is opened, or joined: whether what its promise rests on holds, what the change means for the score, and
 * which columns, segments and texts moved. After the transaction of the pane, which holds up ingest; an incident that nobody assessed,
 * since the process died, is assessed at the next pane.
 */
import { decodeProfile, type ReferenceBody } from '../profile/index.ts';
import type { ModelSpec } from '../spec.ts';
import { paneProfilesAfter, promotedAt, timedPaneProfiles } from '../store/drift.ts';
import { assessIncident, unresolvedIncidents, type StoredIncident } from '../store/incidents.ts';
import type { Queryable } from '../store/postgres.ts';
import type { References } from '../store/reference-cache.ts';
import { answersBefore, labelDelays, openedAt, recentAnswers, type SampleScope } from '../store/samples.ts';
import { tellingPart } from '../tasks/index.ts';
import { DAY } from '../vocabulary.ts';
import { assumptionsOf } from './assumptions.ts';
import { columnsThatMoved, segmentsThatMoved } from './culprits.ts';
import type { EscalatedIncident } from './latch.ts';
import { evidencesOf, type Assessment, type IncidentEvidence } from './incident-evidence.ts';
import { levelOf, worst } from './level.ts';
import { watchedColumns } from './monitors.ts';
import { movedTexts, type SampledText } from './moved-texts.ts';
import { estimateBetween } from './performance/index.ts';
import type { TimedPane } from './rhythm.ts';
import { columnsOf, rhythmicStreams } from './rhythmic-streams.ts';
import { lossOf } from './streams.ts';
import { tolerancesFor } from './tolerance.ts';
import { watchingOf, type Live } from './watching.ts';

interface Subject {
  readonly model: string;
  readonly spec: ModelSpec;
  readonly live: Live;
  readonly now: Date;
}

type Found = StoredIncident<IncidentEvidence>;

/** How far back the traffic from before a change is looked at. */
const LOOKED_BACK = 28 * DAY;

/** Assesses what was not; gives those whose level rose by it. */
export async function assessIncidents(db: Queryable, references: References, subject: Subject): Promise<EscalatedIncident[]> {
  const { model, live, now } = subject;
  const escalated: EscalatedIncident[] = [];
  for (const incident of await unresolvedIncidents<IncidentEvidence>(db, model)) {
    const { evidence, adapter, reference } = incident;
    if (evidence.assumptions !== undefined || adapter !== live.adapter || reference !== live.reference || evidence.panes === undefined) continue;
    const found = await assess(db, await references(db, live.reference), subject, incident);
    const level = worst(evidence.level, levelOf(evidencesOf(evidence).map(({ kind }) => kind), found.outlook));
    const told = await assessIncident(db, incident, { found: { ...found }, level });
    const muted = incident.mutedUntil !== null && incident.mutedUntil > now;
    if (told && !muted && level !== evidence.level) escalated.push({ incident: incident.id, level: level.level, because: level.because });
  }
  return escalated;
}

async function assess(db: Queryable, reference: ReferenceBody, { model, spec, live, now }: Subject, { evidence }: Found): Promise<Assessment> {
  const [first] = evidence.panes;
  const since = (await openedAt(db, model, first)) ?? now;
  const scope: SampleScope = { model, adapter: live.adapter, since };
  const promoted = await promotedAt(db, model, live.seq);
  const after = new Date(Math.max(promoted.getTime(), since.getTime() - LOOKED_BACK));
  const panes = (await paneProfilesAfter(db, model, live.adapter, live.reference, first - 1)).map(({ pane, profile }) => ({ pane, profile: decodeProfile(profile, watchedColumns) }));
  const alarmed = evidencesOf(evidence);
  const earlier = (await timedPaneProfiles(db, model, live.adapter, live.reference, after))
    .filter((pane) => pane.openedAt < since).map((row): TimedPane => ({ openedAt: row.openedAt, profile: decodeProfile(row.profile, columnsOf(alarmed)) }));
  const watching = watchingOf(reference, spec.monitor);
  const kinds = alarmed.map(({ kind }) => kind);
  return {
    assumptions: assumptionsOf({ reference, spec, earlier, since: panes, delays: await labelDelays(db, scope), streams: rhythmicStreams(watching, alarmed), dependence: evidence.dependence, now }),
    outlook: { estimate: await estimateBetween(db, { model, adapter: live.adapter, metric: reference.scoring.metric, from: since, to: now }), reference: scoreOf(reference), tolerance: tolerancesFor(reference, spec.monitor.tolerance).error },
    columns: columnsThatMoved(watching, panes),
    segments: segmentsThatMoved(watching.filter(({ monitor }) => kinds.includes(monitor.kind)), panes),
    texts: movedTexts((await answersBefore(db, scope, after)).map(sampled), (await recentAnswers(db, scope)).map(sampled)),
  };
}

const sampled = ({ id, input }: { id: string; input: string }): SampledText => ({ id, text: tellingPart(input) });

function scoreOf({ profile }: ReferenceBody): number {
  const { n, sum } = lossOf(profile);
  return n === 0 ? 1 : 1 - sum / n;
}
