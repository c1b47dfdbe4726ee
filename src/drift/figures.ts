/** How a model stands, in the figures that its metrics tell: each monitor, and the quality of the live adapter. */
import { decodeProfile, NO_COLUMNS, type ReferenceBody } from '../profile/index.ts';
import { lastPanes } from '../store/drift.ts';
import type { Queryable } from '../store/postgres.ts';
import type { References } from '../store/reference-cache.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import type { Figures } from '../telemetry/state.ts';
import { estimate } from './effect.ts';
import { rulesOfReference } from './monitors.ts';
import { monitorReports, REPORTED_PANES, standOf, type MonitorReport } from './report.ts';
import { lossOf } from './streams.ts';
import { nearestOfKinds } from './step.ts';
import type { Live } from './watching.ts';

/** @throws TrimtabError `not-found` */
export async function driftFigures(db: Queryable, references: References, model: string): Promise<Figures> {
  const { stand } = await standOf(db, references, model);
  if (stand === null) return { monitors: [], quality: null };
  const monitors = await monitorReports(db, stand);
  return { monitors: nearestOfKinds(monitors.filter(({ idle }) => idle === null)).map(figuresOf), quality: await qualityOf(db, stand.reference, model, stand.live) };
}

function figuresOf({ kind, value, threshold, tolerance, effect: found }: MonitorReport): Figures['monitors'][number] {
  const common = { monitor: kind, value, threshold, tolerance };
  if (found === null) return { ...common, effect: null };
  const { effect, interval: [lower, upper], referenceMean } = found;
  return { ...common, effect: { estimate: effect, lower, upper, reference: referenceMean } };
}

/** Mean score on the labelled rows of the last closed panes that the live adapter answered; null without any. */
async function qualityOf(db: Queryable, reference: ReferenceBody, model: string, live: Live): Promise<Figures['quality']> {
  const total = (await lastPanes(db, model, REPORTED_PANES)).reduce<Moments>((sum, { adapter, profile }) => {
    if (profile === null || adapter !== live.adapter) return sum;
    const own = lossOf(decodeProfile(profile, NO_COLUMNS));
    return { n: sum.n + own.n, sum: sum.sum + own.sum, squares: sum.squares + own.squares };
  }, { n: 0, sum: 0, squares: 0 });
  if (total.n === 0) return null;
  const { mean, low, high } = estimate(rulesOfReference(reference).binary.includes(reference.scoring.metric), total);
  const before = lossOf(reference.profile);
  // the profile counts losses; a score is what is left of 1
  return { estimate: 1 - mean, lower: 1 - high, upper: 1 - low, rows: total.n, reference: before.n === 0 ? 1 : 1 - before.sum / before.n };
}
