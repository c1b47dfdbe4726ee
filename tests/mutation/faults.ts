/** The known faults of drift tools, each as a change of our own text, with the test that must notice it. */

export interface Fault {
  /** As the tool's users know it. */
  readonly fault: string;
  readonly file: string;
  /** Must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly test: string;
  /** Part of the names of the tests that are run. */
  readonly named: string;
}

const WINDOW_FAULTS = 'tests/statistics/window/faults.test.ts';
const MONITORS = 'tests/drift/monitors.test.ts';

export const FAULTS: readonly Fault[] = [
  {
    fault: 'one-sample chi-square: the reference is taken for the truth, its own noise is left out',
    file: 'src/statistics/window/chi-square.ts', find: 'sum += (x * m - y * n) ** 2 / (x + y);', replace: 'sum += (x * m - y * n) ** 2 / (x || 1);',
    test: WINDOW_FAULTS, named: 'a reference is a sample, not the truth',
  },
  {
    fault: 'in-sample thresholds: what is on course is the reference\'s own mean, as if that were known',
    file: 'src/drift/course.ts', find: 'return binary ? clopperPearsonUpper(rows.sum, rows.n, miss) : ', replace: 'return binary ? rows.sum / rows.n : ',
    test: MONITORS, named: 'allows the reference, its uncertainty and the tolerance',
  },
  {
    fault: 'moving bins: samples that were counted over different cells are compared',
    file: 'src/statistics/window/table.ts', find: 'reference.length === current.length && ', replace: '',
    test: WINDOW_FAULTS, named: 'samples over different cells are refused',
  },
  {
    fault: 'moving bins: profiles over different edges are added',
    file: 'src/profile/add.ts', find: 'if (!same) ', replace: 'if (false) ',
    test: 'tests/profile/profile.test.ts', named: 'refuses to subtract what was not added',
  },
  {
    fault: 'p-values from sketches: a distance that carries a sketch\'s error is judged as an exact one',
    file: 'src/statistics/window/kolmogorov-smirnov.ts', find: 'largest = Math.max(largest, Math.abs(gap));', replace: 'largest = Math.max(largest, Math.min(n * m, Math.abs(gap) + Math.round(n * m * 0.005)));',
    test: WINDOW_FAULTS, named: 'few cells of many rows keeps its level',
  },
  {
    fault: 'unbounded state: every checkpoint is kept',
    file: 'src/drift/state.ts', find: 'const last = state.checkpoints.slice(-1);', replace: 'const last = state.checkpoints;',
    test: 'tests/drift/state.test.ts', named: '',
  },
  {
    fault: 'one-sided Mann-Whitney: ranks are watched in one direction alone',
    file: 'src/drift/column-streams.ts', find: '(counts) => fallen(rank(counts)), false)', replace: 'rank, false)',
    test: MONITORS, named: 'a number is watched by its rank',
  },
  {
    fault: 'one-sided tests: a sample that lies lower is not seen',
    file: 'src/statistics/window/kolmogorov-smirnov.ts', find: 'Math.abs(gap)', replace: 'gap',
    test: WINDOW_FAULTS, named: 'ks finds a rise and a fall',
  },
  {
    fault: 'empty-bin blow-up: an empty cell is a ten-thousandth of a row',
    file: 'src/statistics/window/psi.ts', find: 'added = 0.5;', replace: 'added = 1e-4;',
    test: WINDOW_FAULTS, named: 'PSI of one new category among a thousand rows is small',
  },
  {
    fault: 'ignored bins: a cell of the table is never read',
    file: 'src/statistics/window/psi.ts', find: 'for (let i = 0; i < a.length; i++) {\n    const [p, q]', replace: 'for (let i = 1; i < a.length; i++) {\n    const [p, q]',
    test: 'tests/statistics/window/golden.test.ts', named: '',
  },
  {
    fault: 'ignored bins: the number of bins that was asked for is not the number of bins',
    file: 'src/profile/numeric.ts', find: 'Array.from({ length: EDGES }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / (EDGES + 1))] ?? 0)', replace: 'Array.from({ length: 9 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / 10)] ?? 0)',
    test: 'tests/profile/numeric.test.ts', named: 'gives 256 bins of about equal weight',
  },
];
