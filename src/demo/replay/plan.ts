/**
 * Turns labelled rows into a play: the stages, which rows each stage sends, and the control.
 * A share `keep` of a stage's rows is kept back for each later stage, since an old wish does not end when a new one appears.
 */
import { TrimtabError } from '../../errors.ts';
import { random, shuffle } from '../../lora/random.ts';
import type { Grouping } from './options.ts';
import type { ReplayRow } from './rows.ts';

export interface Stage {
  readonly name: string;
  /** Values of the stage column that appear first in this stage. */
  readonly values: readonly string[];
  /** In the order in which they are sent; old and new ones mixed. */
  readonly rows: readonly ReplayRow[];
  readonly newRows: number;
}

export interface Plan {
  /** Half of the first stage: imported with labels, trains the first adapter. */
  readonly initial: readonly ReplayRow[];
  /** First the control (the other half of the first stage, as traffic), then the later stages. */
  readonly stages: readonly Stage[];
}

/**
 * Groups the values of the stage column.
 * @throws TrimtabError `bad-request` when the grouping does not fit the values that exist, or leaves fewer than two stages
 */
export function groupStages(rows: readonly ReplayRow[], grouping: Grouping): string[][] {
  const values = [...new Set(rows.map((row) => row.stage))];
  const groups = grouped(values, grouping);
  if (groups.length < 2) {
    throw new TrimtabError('bad-request', { what: '--stage', problem: `it gives ${groups.length} stage`, right: 'a replay needs at least two stages' });
  }
  return groups;
}

/** Deals every row to the stage that sends it. `shares[i]` of a stage's rows go to the i-th stage from it on; the first takes the rest. */
export function makePlan(rows: readonly ReplayRow[], groups: readonly (readonly string[])[], options: { keep: number; seed: number }): Plan {
  const stages = groups.length;
  if (options.keep * (stages - 1) >= 1) {
    throw new TrimtabError('bad-request', { what: '--keep', problem: `${options.keep} for each of ${stages - 1} later stages leaves nothing for the first`, right: `give less than ${(1 / (stages - 1)).toFixed(2)}` });
  }
  const sent: ReplayRow[][] = groups.map(() => []);
  const newRows = groups.map((values, stage) => {
    const own = shuffled(rows.filter((row) => values.includes(row.stage)), options.seed, `deal ${stage}`);
    const kept = Math.floor(own.length * options.keep);
    const first = own.length - kept * (stages - 1 - stage);
    sent[stage]?.push(...own.slice(0, first));
    for (let later = stage + 1, at = first; later < stages; later += 1, at += kept) sent[later]?.push(...own.slice(at, at + kept));
    return first;
  });
  const mixed = sent.map((list, stage) => shuffled(list, options.seed, `mix ${stage}`));
  const [opening, ...later] = mixed;
  const half = Math.floor((opening?.length ?? 0) / 2);
  const nameOf = (stage: number) => (stage === 0 ? 'control' : `stage ${stage + 1}`);
  return {
    initial: opening?.slice(0, half) ?? [],
    stages: [opening?.slice(half) ?? [], ...later].map((list, stage) => ({
      name: nameOf(stage),
      values: groups[stage] ?? [],
      rows: list,
      newRows: stage === 0 ? list.length : (newRows[stage] ?? 0),
    })),
  };
}

export interface Window {
  /** Third of the stage, 0 to 2: a ceiling is trained at the start of each. */
  readonly third: number;
  readonly panes: readonly (readonly ReplayRow[])[];
}

/** Cuts a stage into panes, and these into windows that do not straddle a third; every third has one or two windows. */
export function cutWindows(rows: readonly ReplayRow[], paneRows: number): Window[] {
  const panes = Array.from({ length: Math.ceil(rows.length / paneRows) }, (_, i) => rows.slice(i * paneRows, (i + 1) * paneRows));
  const cut = (from: number, to: number, third: number): Window[] => (to > from ? [{ third, panes: panes.slice(from, to) }] : []);
  const edge = (sixth: number) => Math.round((panes.length * sixth) / 6);
  return [0, 1, 2].flatMap((third) => [
    ...cut(edge(2 * third), edge(2 * third + 1), third),
    ...cut(edge(2 * third + 1), edge(2 * third + 2), third),
  ]);
}

function grouped(values: readonly string[], grouping: Grouping): string[][] {
  switch (grouping.kind) {
    case 'each':
      return values.map((value) => [value]);
    case 'sizes': {
      const total = grouping.sizes.reduce((sum, size) => sum + size, 0);
      if (total !== values.length) throw unfit('--group', `its sizes sum to ${total}, but the stage column has ${values.length} values`, values);
      let at = 0;
      return grouping.sizes.map((size) => values.slice(at, (at += size)));
    }
    case 'named': {
      const named = grouping.stages.flat();
      const unknown = named.filter((value) => !values.includes(value));
      if (unknown.length > 0) throw unfit('--stages', `the stage column has no value ${unknown.map((value) => `"${value}"`).join(', ')}`, values);
      const twice = named.find((value, index) => named.indexOf(value) !== index);
      if (twice !== undefined) throw unfit('--stages', `"${twice}" stands in it twice`, values);
      return grouping.stages.map((stage) => [...stage]);
    }
  }
}

const unfit = (what: string, problem: string, values: readonly string[]) =>
  new TrimtabError('bad-request', { what, problem, right: `its values are, in order of first appearance: ${values.join(', ')}` });

function shuffled<T>(items: readonly T[], seed: number, stream: string): T[] {
  const order = shuffle(Int32Array.from(items, (_, i) => i), random(seed, `replay ${stream}`));
  return [...order].flatMap((i) => items.slice(i, i + 1));
}
