/** The tables that bench:drift plays: were they wrong, its run lengths would be of another world. */
import { describe, expect, it } from 'vitest';
import { binomial, clustered, draw, lawOf, sticky, type Chances } from '../../bench/drift/laws.ts';
import { seededUniform } from '../../src/statistics/random.ts';

const total = ({ chances }: Chances) => chances.reduce((sum, x) => sum + x, 0);
const mean = ({ sums, chances }: Chances) => chances.reduce((sum, x, i) => sum + x * (sums[i] as number), 0);

describe('chances of a pane', () => {
  it.each([['rows', binomial(20, 0.1), 2], ['users', clustered(5, 0.1, 0.7), 0.5]] as const)('%s: are 1 together, of the right mean', (_name, law, expected) => {
    expect(total(law)).toBeCloseTo(1, 12);
    expect(mean(law)).toBeCloseTo(expected, 12);
  });
  it('rows that resemble their forerunners keep the rate, and lean to the row before', () => {
    const [after0, after1] = [sticky(20, 0.1, 0.6, 0), sticky(20, 0.1, 0.6, 1)];
    expect(total(after0.chances)).toBeCloseTo(1, 12);
    expect(0.9 * mean(after0.chances) + 0.1 * mean(after1.chances)).toBeCloseTo(2, 10);
    // 0.6 + 0.36 + ... more hits after a hit than after none
    expect(mean(after1.chances) - mean(after0.chances)).toBeCloseTo((0.6 * (1 - 0.6 ** 20)) / 0.4, 10);
    expect(after1.chances.chances.reduce((sum, x, i) => sum + x * (after1.next[i] as number), 0)).toBeCloseTo(0.1 + 0.9 * 0.6 ** 20, 10);
  });
  it('are drawn as they say', () => {
    const uniform = seededUniform(1);
    const { below } = lawOf(binomial(4, 0.3), 0.3);
    const hits = Array.from({ length: 20_000 }, () => draw(below, uniform)).reduce((sum, x) => sum + x, 0);
    expect(Math.abs(hits / 20_000 - 1.2)).toBeLessThan(5 * Math.sqrt(0.84 / 20_000));
  });
});
