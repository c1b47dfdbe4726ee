/**
 * Simulations of the shipped code that judges performance: do its intervals cover under covariate shift, does it say so when
 * nothing can be said, and are late labels without bias. `node bench/performance.ts [--trials N] [--json]`: N worlds for each
 * figure (default 1,000), a tenth of them for late labels.
 *
 * A world: a row has a logit x, normal; its confidence is 1 / (1 + e^-x) and it is right with chance 1 / (1 + e^-(slope x + lift)),
 * so that confidences promise too much. The truth is the integral over x.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cellsOf, type Calibrations, type CountedCell } from '../src/drift/performance/cells.ts';
import { ALPHA, changesOf } from '../src/drift/performance/change.ts';
import { estimateOf, scoreOf } from '../src/drift/performance/estimate.ts';
import { fitCalibration } from '../src/statistics/calibration.ts';
import { binScores } from '../src/statistics/confidence-bins.ts';
import { drawNormal } from '../src/statistics/draw.ts';
import { DELAY_EDGES, maturityAt, maturityOf, type Delays } from '../src/statistics/maturity.ts';
import { seededUniform } from '../src/statistics/random.ts';
import { DAY, HOUR, SECOND } from '../src/vocabulary.ts';
import type { BenchRow } from './row.ts';

type Uniform = () => number;

interface Row {
  readonly confidence: number;
  readonly score: number;
  readonly labelled: boolean;
}

interface World {
  readonly mean: number;
  readonly deviation: number;
  /** Of the chance to be right, on the logit. */
  readonly slope: number;
  readonly lift: number;
}

const EXAM: World = { mean: 2.2, deviation: 1.3, slope: 0.8, lift: 0.2 };
const SHIFTED: World = { ...EXAM, mean: 1.2, deviation: 1.6 };
const CONCEPT: World = { ...SHIFTED, lift: -0.5 };

const squash = (x: number) => 1 / (1 + Math.exp(-x));
const rightAt = ({ slope, lift }: World, x: number) => squash(slope * x + lift);

/** E[score], by the trapezoid rule over eight deviations. */
function truthOf(world: World): number {
  let sum = 0;
  let weight = 0;
  for (let z = -8; z <= 8; z += 0.01) {
    const density = Math.exp(-0.5 * z * z);
    sum += density * rightAt(world, world.mean + world.deviation * z);
    weight += density;
  }
  return sum / weight;
}

/** Which rows get a label, by their confidence. */
type Choice = (confidence: number, uniform: Uniform) => boolean;
const never: Choice = () => false;
const byChance = (share: number): Choice => (_, uniform) => uniform() < share;
/** Doubtful rows eight times as often as sure ones. */
const doubtful = (share: number): Choice => (confidence, uniform) => uniform() < share * (confidence < 0.7 ? 2.4 : 0.3);

function draw(world: World, n: number, choose: Choice, uniform: Uniform): Row[] {
  return Array.from({ length: n }, () => {
    const x = world.mean + world.deviation * drawNormal(uniform);
    const confidence = squash(x);
    return { confidence, score: Number(uniform() < rightAt(world, x)), labelled: choose(confidence, uniform) };
  });
}

const ADAPTER = 'a';

function counted(rows: readonly Row[]): CountedCell[] {
  const of = (some: readonly Row[]) => binScores(some).map((bin) => ({ ...bin, adapter: ADAPTER }));
  return cellsOf(of(rows), of(rows.filter((row) => row.labelled)));
}

function calibrated(rows: number, uniform: Uniform): Calibrations {
  const calibration = fitCalibration(binScores(draw(EXAM, rows, never, uniform)));
  return calibration === null ? new Map() : new Map([[ADAPTER, calibration]]);
}

interface Covered {
  readonly covered: number;
  readonly error: number;
  readonly width: number;
  readonly answered: number;
  /** Root of the mean square of what the labelled rows alone miss by, weighted where they are chosen by confidence. */
  readonly alone: number;
}

/** `estimate - truth` over many worlds. */
function coverage(world: World, { trials, exam, rows, choose }: { trials: number; exam: number; rows: number; choose: Choice }): Covered {
  const [truth, uniform] = [truthOf(world), seededUniform(1)];
  let [covered, answered, squares, width, alone] = [0, 0, 0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const calibrations = calibrated(exam, uniform);
    const cells = counted(draw(world, rows, choose, uniform));
    alone += ((scoreOf(cells, calibrations)?.mean ?? 0) - truth) ** 2 / trials;
    const estimate = estimateOf(cells, calibrations, false);
    if (estimate.method === null) continue;
    answered++;
    squares += (estimate.mean - truth) ** 2;
    width += estimate.high - estimate.low;
    if (estimate.low <= truth && truth <= estimate.high) covered++;
  }
  return { covered: covered / answered, error: Math.sqrt(squares / answered), width: width / answered, answered: answered / trials, alone: Math.sqrt(alone) };
}

function coverageRows(trials: number): BenchRow[] {
  const settings: readonly [string, number, number, Choice][] = [
    ['no labels', 5_000, 2_000, never],
    ['no labels, 500 exam rows', 500, 2_000, never],
    ['5 % labels by chance, of 1,000', 2_000, 1_000, byChance(0.05)],
    ['5 % labels by chance, of 5,000', 2_000, 5_000, byChance(0.05)],
    ['5 % labels, doubtful rows eight times as often, of 5,000', 2_000, 5_000, doubtful(0.05)],
    ['2 % labels by chance, of 5,000', 500, 5_000, byChance(0.02)],
  ];
  return settings.flatMap(([name, exam, rows, choose]) => {
    const { covered, error, width, answered, alone } = coverage(SHIFTED, { trials, exam, rows, choose });
    const of = `${name}, ${trials} worlds`;
    return [
      row(`covariate shift, ${of}: 95 % intervals that hold the truth; mean width ${width.toFixed(3)}, given to ${(answered * 100).toFixed(1)} %`, covered * 100, '%', '94 or more', covered >= 0.94),
      row(
        `covariate shift, ${of}: root mean square of estimate - truth (${truthOf(SHIFTED).toFixed(3)})${choose === never ? '' : `; of the labelled rows alone ${alone.toFixed(4)}`}`,
        error, '', choose === never ? 'none' : 'that of the labelled rows alone, or 2 % more', choose === never || error <= 1.02 * alone,
      ),
    ];
  });
}

function conceptRows(trials: number): BenchRow[] {
  const flagged = (world: World, rows: number, choose: Choice, seed: number) => {
    const uniform = seededUniform(seed);
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const calibrations = calibrated(2_000, uniform);
      if (changesOf(counted(draw(world, rows, choose, uniform)), calibrations)[0]?.conceptDrift === 'found') found++;
    }
    return (found / trials) * 100;
  };
  const most = (ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / trials)) * 100;
  const never = (what: string, figure: number) => row(`${what}, ${trials} worlds: called concept drift`, figure, '%', `${most.toFixed(1)} or less (${ALPHA * 100} and three standard errors)`, figure <= most);
  const always = (what: string, figure: number) => row(`${what}, ${trials} worlds: called concept drift`, figure, '%', '80 or more', figure >= 80);
  const from = `mean score ${truthOf(SHIFTED).toFixed(3)} to ${truthOf(CONCEPT).toFixed(3)} at the same confidences`;
  return [
    ...([['by chance', byChance], ['of doubtful rows', doubtful]] as const).flatMap(([word, choice]) => [
      never(`covariate shift alone, 5 % labels ${word}, of 5,000`, flagged(SHIFTED, 5_000, choice(0.05), 2)),
      always(`concept shift (${from}), 5 % labels ${word}, of 5,000`, flagged(CONCEPT, 5_000, choice(0.05), 3)),
    ]),
    never('no shift at all, 1,000 labels', flagged(EXAM, 1_000, () => true, 4)),
  ];
}

/** Milliseconds until a label comes, or Infinity for never. */
type Delay = (confidence: number, uniform: Uniform) => number;
const often = (share: number, delay: Delay): Delay => (confidence, uniform) => (uniform() < share ? delay(confidence, uniform) : Infinity);
const DELAYS: readonly (readonly [string, Delay])[] = [
  ['exponential, one day', often(0.5, (_, uniform) => -DAY * Math.log(1 - uniform()))],
  ['heavy tail, Pareto 1.1 from two hours', often(0.5, (_, uniform) => (2 * HOUR) / (1 - uniform()) ** (1 / 1.1))],
  ['by confidence, six hours or three days', often(0.5, (confidence, uniform) => (confidence < 0.8 ? 6 * HOUR : 3 * DAY) * -Math.log(1 - uniform()))],
];

/** Rows of 30 days by the hour, seen at their end; the score of the last day, whose labels have mostly not come, and F at one day. */
function late(delay: Delay, trials: number) {
  const [truth, uniform] = [truthOf(EXAM), seededUniform(5)];
  const ages = Array.from({ length: 30 * 24 }, (_, hour) => hour * HOUR + HOUR / 2);
  let [bias, plain, squares, share, inTime, inAll, covered] = [0, 0, 0, 0, 0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const calibrations = calibrated(2_000, uniform);
    const [recent, seen, labelled]: [Row[], Map<number, number>, Map<string, { age: number; delay: number; n: number }>] = [[], new Map(), new Map()];
    for (const age of ages) {
      for (const row of draw(EXAM, 40, never, uniform)) {
        const takes = delay(row.confidence, uniform);
        const came = takes <= age;
        if (takes <= DAY) inTime++;
        if (takes < Infinity) inAll++;
        if (age < 2 * DAY) recent.push({ ...row, labelled: came });
        count(seen, labelled, age, came ? takes : null);
      }
    }
    const score = scoreOf(counted(recent), calibrations);
    const own = recent.filter((row) => row.labelled);
    bias += ((score?.mean ?? 0) - truth) / trials;
    plain += (own.reduce((sum, row) => sum + row.score, 0) / own.length - truth) / trials;
    squares += ((score?.mean ?? 0) - truth) ** 2 / trials;
    if (score !== null && score.low <= truth && truth <= score.high) covered++;
    const maturity = maturityOf(delaysOf(seen, labelled));
    share += (maturity === null ? 0 : maturityAt({ ...maturity, levelled: true }, DAY / SECOND) ?? 0) / trials;
  }
  return { bias, plain, error: Math.sqrt(squares), covered: covered / trials, share, truth: inTime / inAll };
}

const binOf = (milliseconds: number) => DELAY_EDGES.filter((edge) => edge <= milliseconds / SECOND).length;

function count(seen: Map<number, number>, labelled: Map<string, { age: number; delay: number; n: number }>, age: number, delay: number | null): void {
  const at = binOf(age);
  seen.set(at, (seen.get(at) ?? 0) + 1);
  if (delay === null) return;
  const key = `${at} ${binOf(delay)}`;
  const cell = labelled.get(key) ?? { age: at, delay: binOf(delay), n: 0 };
  cell.n++;
  labelled.set(key, cell);
}

function delaysOf(seen: ReadonlyMap<number, number>, labelled: ReadonlyMap<string, { age: number; delay: number; n: number }>): Delays {
  return { ages: [...seen].map(([age, n]) => ({ age, n })), labelled: [...labelled.values()] };
}

function lateRows(trials: number): BenchRow[] {
  return DELAYS.flatMap(([name, delay]) => {
    const { bias, plain, error, covered, share, truth } = late(delay, trials);
    return [
      row(
        `late labels, ${name}, ${trials} worlds: bias of the last two days' mean score (without weights ${(plain * 100).toFixed(2)}; root mean square ${(error * 100).toFixed(2)}; intervals hold the truth in ${(covered * 100).toFixed(1)} %)`,
        bias * 100, 'points', 'less than 1 either way', Math.abs(bias) < 0.01,
      ),
      row(`late labels, ${name}: labels that have come after one day, of those that ever come (truth ${(truth * 100).toFixed(1)})`, share * 100, '%', 'none', true),
    ];
  });
}

const row = (name: string, figure: number, unit: string, goal: string, reached: boolean): BenchRow => ({ name, figure: Number(figure.toFixed(4)), unit, goal, reached });

export function performanceRows({ trials = 1_000 }: { readonly trials?: number } = {}): BenchRow[] {
  return [...coverageRows(trials), ...conceptRows(trials), ...lateRows(Math.ceil(trials / 10))];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { trials: { type: 'string' }, json: { type: 'boolean' } } });
  const rows = performanceRows({ trials: Number(values.trials ?? 1_000) });
  if (values.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else console.table(rows);
}
