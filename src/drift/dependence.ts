/**
 * How much the rows of a stream resemble their forerunners: as the spec declares it for all streams, else as it was estimated for each from the panes
 * after the promotion (statistics/dependence), and stored with the reference.
 */
import type { Profile, ReferenceBody } from '../profile/index.ts';
import type { Moments } from '../statistics/bounded-mean.ts';
import { dependenceSums } from '../statistics/dependence.ts';
import type { Monitor } from './monitors.ts';
import type { Stream } from './streams.ts';

export interface StreamDependence {
  /** `none`: neither declared nor, so far, estimated; rows are taken as they come. */
  readonly source: 'declared' | 'estimated' | 'none';
  /** Autocorrelation of a row with the one before it, as it is used: of an estimate the upper 95 % bound, and 0 where none shows. */
  readonly phi: number;
  /** Blocks of panes that an estimate rests on; null of others. */
  readonly blocks: number | null;
}

const keyOf = (monitor: string, { name, segment }: Pick<Stream, 'name' | 'segment'>) => JSON.stringify([monitor, name, segment]);

export function dependenceIn({ dependence }: Pick<ReferenceBody, 'dependence'>, monitor: string, stream: Stream, declared: number | null): StreamDependence {
  if (declared !== null) return { source: 'declared', phi: declared, blocks: null };
  const estimated = dependence.get(keyOf(monitor, stream));
  return estimated === undefined ? { source: 'none', phi: 0, blocks: null } : { source: 'estimated', phi: estimated.phi, blocks: estimated.blocks };
}

/** The most dependent of several, by which a promise is worded. */
export function mostDependent(all: readonly { readonly dependence: StreamDependence }[]): StreamDependence {
  const [first, ...others] = all.map(({ dependence }) => dependence);
  const most = others.reduce((most, each) => (each.phi > (most?.phi ?? 0) ? each : most), first);
  return most ?? { source: 'none', phi: 0, blocks: null };
}

/** Takes panes in their order, for the streams that have no estimate yet. */
export function createEstimates(reference: ReferenceBody, monitors: readonly Monitor[]): { take(profile: Profile): void; found(): ReferenceBody['dependence'] } {
  const asked = monitors.flatMap(({ id, streams }) => streams.map((stream) => ({ key: keyOf(id, stream), stream, sums: dependenceSums() }))).filter(({ key }) => !reference.dependence.has(key));
  return {
    take(profile) {
      for (const { stream, sums } of asked) sums.take(summed(stream.moments(profile)));
    },
    found: () => new Map(asked.flatMap(({ key, sums }) => {
      const estimate = sums.result();
      return estimate === null ? [] : [[key, estimate] as const];
    })),
  };
}

const summed = (strata: readonly Moments[]): Moments => strata.reduce((sum, each) => ({ n: sum.n + each.n, sum: sum.sum + each.sum, squares: sum.squares + each.squares }), { n: 0, sum: 0, squares: 0 });
