import { expect, test } from 'vitest';
import { ago, bytes, count, duration, figure, millions, percent, points, range } from '../../src/ui/lib/format.ts';

test('nothing measured is a dash, never 0', () => {
  for (const shown of [percent(null), points(undefined), count(null), figure(null), bytes(null), millions(null), range(null)]) expect(shown).toBe('–');
});

test('numbers as people read them', () => {
  expect([percent(0.9316), percent(1), points(0.0312), points(-0.005), points(0)]).toEqual(['93.2 %', '100.0 %', '+3.1', '−0.5', '0.0']);
  expect([range([0.9, 0.95]), count(12345)]).toEqual(['90.0–95.0', '12,345']);
  expect([figure(0), figure(0.12345), figure(1234.5), figure(1e-9), figure(3.2e8)]).toEqual(['0', '0.123', '1,235', '1.0e-9', '3.2e+8']);
  expect([bytes(512), bytes(2048), bytes(3 * 2 ** 20), millions(950), millions(1_500_000), millions(1.24e9)]).toEqual(['512 B', '2.0 KiB', '3.0 MiB', '950', '1.50 M', '1.24 B']);
});

test('times by their largest units', () => {
  expect([duration(0), duration(61_000), duration(90_000_000)]).toEqual(['0 s', '1 min 1 s', '1 d 1 h']);
  const now = Date.parse('2026-03-01T12:00:00Z');
  expect([ago('2026-03-01T11:00:00Z', now), ago('2026-03-01T12:00:30Z', now), ago('2026-03-01T12:00:00.4Z', now)]).toEqual(['1 h ago', 'in 30 s', 'now']);
});
