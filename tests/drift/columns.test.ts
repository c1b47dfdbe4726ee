/** Columns as monitors watch them: the sums of ranks, and what is made once for many panes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftStreams } from '../../src/drift/column-streams.ts';
import { watchingOf } from '../../src/drift/watching.ts';
import { emptyNumber, numberLayout, observeNumbers } from '../../src/profile/columns/number.ts';
import { emptyProfile, UNIT, type Column, type ReferenceBody } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { referenceFor, rowsOnCourse } from './support.ts';

const TOLERANCE = { missing: 0.02, mistyped: 0.02, newValues: 0.02, mean: 0.05, share: 0.05 };
const spec = (monitor: object = {}) => parseSpec({ name: 'm', task: 'classification', serving: {}, monitor }).monitor;

function withColumn(values: readonly number[]): { reference: ReferenceBody; column: Column } {
  const bare = referenceFor('a', rowsOnCourse(50));
  const layout = numberLayout(values);
  const counts = emptyNumber(layout.edges.length);
  observeNumbers(counts, layout, Float64Array.from(values));
  const column: Column = { name: 'amount', source: 'exam', layout };
  return { column, reference: { ...bare, columns: [column], profile: { ...bare.profile, columns: new Map([['amount', counts]]) } } };
}

it('a pane\'s sums of ranks are those of its values one by one, in whole units, bit for bit', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.double({ min: -1e3, max: 1e3, noNaN: true }));
  fc.assert(fc.property(fc.array(value, { minLength: 2, maxLength: 400 }), fc.array(value, { maxLength: 400 }), (values, later) => {
    const { reference, column } = withColumn(values);
    const counts = emptyNumber(column.layout.kind === 'number' ? column.layout.edges.length : 0);
    if (column.layout.kind === 'number') observeNumbers(counts, column.layout, Float64Array.from(later));
    const [higher] = driftStreams(column, reference, TOLERANCE);
    const { bins } = reference.profile.columns.get('amount') as typeof counts;
    let [below, sum, squares] = [0, 0, 0];
    bins.forEach((rows, i) => {
      const rank = (below + rows / 2) / values.length;
      below += rows;
      sum += (counts.bins[i] as number) * Math.floor(rank * UNIT);
      squares += (counts.bins[i] as number) * Math.floor(rank ** 2 * UNIT);
    });
    expect(higher?.moments({ ...emptyProfile(reference), columns: new Map([['amount', counts]]) })).toEqual([{ n: later.length, sum: sum / UNIT, squares: squares / UNIT }]);
  }));
});

describe('what is watched', () => {
  const shown = (watching: ReturnType<typeof watchingOf>) => watching.map(({ monitor: { id, weight }, courses, threshold }) => ({ id, weight, threshold, courses: courses?.map(({ stream: { name }, weight: share, divisor, upper, m }) => ({ name, share, divisor, upper, m })) }));
  const { reference } = withColumn(Array.from({ length: 500 }, (_, i) => i));
  it('is made once for a reference and a spec, and is the same as if it were made anew', () => {
    const first = watchingOf(reference, spec());
    expect(watchingOf(reference, spec())).toBe(first);
    expect(shown(watchingOf({ ...reference }, spec()))).toEqual(shown(first));
  });
  it('is made anew for another policy, or another reference', () => {
    const [usual, wary] = [watchingOf(reference, spec()), watchingOf(reference, spec({ tolerance: { error: 0.1 } }))];
    const mOf = (watching: ReturnType<typeof watchingOf>) => watching.find(({ monitor }) => monitor.id === 'error')?.courses?.[0]?.m[0] ?? 0;
    expect(mOf(wary) - mOf(usual)).toBeCloseTo(0.1 - 0.01, 10);
    expect(watchingOf(reference, spec({ alarmBudget: { maxFalseAlarms: 2, per: '30d' } }))[0]?.threshold).toBeCloseTo((usual[0]?.threshold ?? 0) / 2, 6);
    expect(watchingOf(withColumn([1, 2, 3]).reference, spec())).not.toBe(usual);
  });
});
