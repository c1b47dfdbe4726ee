import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clamp, createAxis, moved, zoomed } from '../../src/ui/lib/axis.ts';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('however it is moved, the axis shows a stretch within the whole, no narrower than the least', () => {
  fc.assert(fc.property(number, number, (a, b) => {
    const whole = { from: 0, to: 1000 };
    const shown = clamp({ from: Math.min(a, b), to: Math.max(a, b) }, whole, 10);
    expect(shown.from).toBeGreaterThanOrEqual(0);
    expect(shown.to).toBeLessThanOrEqual(1000 + 1e-9);
    expect(shown.to - shown.from).toBeGreaterThanOrEqual(10 - 1e-9);
  }));
});

test('what was held still stays where it is, and zooming back out comes back', () => {
  const span = { from: 100, to: 300 };
  const near = zoomed(span, 0.5, 150);
  expect((150 - near.from) / (near.to - near.from)).toBeCloseTo((150 - span.from) / (span.to - span.from));
  expect(zoomed(near, 2, 150)).toEqual(span);
  expect(moved(span, 0.5)).toEqual({ from: 200, to: 400 });
});

test('listeners hear of moves alone; who looked at everything goes on doing so when there is more', () => {
  const axis = createAxis({ from: 0, to: 100 }, 1);
  const heard: number[] = [];
  const stop = axis.subscribe(({ to }) => heard.push(to));
  axis.extend({ from: 0, to: 110 });
  expect(axis.span).toEqual({ from: 0, to: 110 });
  axis.show({ from: 20, to: 40 });
  axis.show({ from: 20, to: 40 });
  axis.extend({ from: 0, to: 200 });
  expect(axis.span).toEqual({ from: 20, to: 40 });
  stop();
  axis.show({ from: 0, to: 1 });
  expect(heard).toEqual([110, 40, 40]);
});
