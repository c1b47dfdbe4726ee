import { describe, expect, it } from 'vitest';
import { buildReference, emptyProfile, observePrediction, type Parting, type ReferenceBody, type ScoredRow } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { courseOf, REFERENCE_MISS, type Course } from '../../src/drift/course.ts';
import { countsOf, isTaken, seriesEntry } from '../../src/drift/evidence.ts';
import { floorOf, insufficiency } from '../../src/drift/floor.ts';
import { KINDS, monitorsFor, NEW_LABEL, thresholdOf, type Monitor } from '../../src/drift/monitors.ts';
import { rhythmsOf } from '../../src/drift/rhythm.ts';
import { windowReport } from '../../src/drift/window.ts';
import { listed } from '../../src/statistics/e-detector.ts';
import { MONITOR_KINDS, TASKS, type Task } from '../../src/vocabulary.ts';
import { profileOf, referenceFor, rowsOnCourse } from './support.ts';

const policy = (monitor: object = {}) => parseSpec({ name: 'm', task: 'classification', serving: {}, monitor }).monitor;
const reference = referenceFor('a1');
const of = (from: ReferenceBody, id: string, monitor: object = {}) => monitorsFor(from, policy(monitor)).find((each) => each.id === id) as Monitor;
const ofTask = (task: Task, metric = 'accuracy') => ({ ...reference, scoring: { task, labelling: 'single', metric } });
const monitor = (kind: string) => of(reference, kind);

/** Rows with a number, a category, and now and then nothing. */
const featured = (n: number, from = 0, shift = 0) => rowsOnCourse(n, from).map((row, i) => ({
  ...row, features: { amount: (from + i) % 40 === 0 ? null : (((from + i) * 7_919) % 1_000) / 10 + shift, country: 'deat'.slice(((from + i) % 2) * 2, ((from + i) % 2) * 2 + 2) },
}));

describe('the budget', () => {
  it.each(TASKS)('%s: monitors have ids of their own, and their shares are 1 together', (task) => {
    const monitors = monitorsFor(ofTask(task, task === 'generation' ? 'exact' : 'accuracy'), policy());
    expect(new Set(monitors.map((each) => each.id)).size).toBe(monitors.length);
    expect(KINDS[task].every((kind) => MONITOR_KINDS.includes(kind))).toBe(true);
    expect(monitors.reduce((sum, each) => sum + each.weight, 0)).toBeCloseTo(1, 12);
  });
  it('labels are watched where they are a small closed set, form where an output has one', () => {
    const tasksWith = (kind: (typeof MONITOR_KINDS)[number]) => TASKS.filter((task) => KINDS[task].includes(kind));
    expect([tasksWith('error'), tasksWith('labels'), tasksWith('format')]).toEqual([[...TASKS], ['classification', 'extraction'], ['generation']]);
  });
  it('performance comes first; who has no rows to watch by gives its share back', () => {
    const weights = (from: ReferenceBody, monitors: object = {}) => Object.fromEntries(monitorsFor(from, policy(monitors)).map(({ id, weight }) => [id, Number(weight.toFixed(6))]));
    expect(weights(reference)).toEqual({ error: 0.5, calibration: 0, confidence: 0.15, labels: 0.15, unseen: 0.2 });
    expect(weights(referenceFor('a', rowsOnCourse(50).map((row) => ({ ...row, confidence: null }))))).toEqual({ error: 0.5, calibration: 0, confidence: 0, labels: 0.3, unseen: 0.2 });
    expect(weights(reference, { weights: { performance: 1, drift: 1, quality: 0 } })).toEqual({ error: 0.5, calibration: 0, confidence: 0.25, labels: 0.25, unseen: 0 });
    const columns = weights(referenceFor('a', featured(2_000)));
    expect(columns).toMatchObject({ error: 0.5, confidence: 0.075, 'column.amount': 0.075, 'column.country': 0.075, unseen: 0.1, 'contract.amount': 0.05, 'contract.country': 0.05 });
    expect(Object.values(columns).reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 9);
    expect(weights(referenceFor('a', featured(2_000)), { columns: { amount: { watch: false } } })).not.toHaveProperty(['column.amount']);
  });
  it('thresholds follow from it: 30 days of 5 minutes are 8,640 panes', () => {
    const spec = policy({ alarmBudget: { maxFalseAlarms: 2, per: '30d' }, pane: '5m' });
    expect(thresholdOf(monitor('error'), spec)).toBe(8_640 / 2 / 0.5);
    expect(monitorsFor(reference, spec).reduce((sum, each) => sum + 8_640 / thresholdOf(each, spec), 0)).toBeCloseTo(2, 9);
  });
  it('ids of columns stand in a URL whatever their names', () => {
    const odd = referenceFor('a', featured(2_000).map((row) => ({ ...row, features: { 'Größe in m²': row.features.amount, 'a/b': row.features.amount } })));
    for (const { id } of monitorsFor(odd, policy())) expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);
  });
});

describe('a course', () => {
  it('allows the reference, its uncertainty and the tolerance', () => {
    const [course] = courseOf(monitor('error'), reference) ?? [];
    expect(course?.reference).toEqual([{ n: 2_000, sum: 200, squares: 200 }]);
    expect(course?.upper[0]).toBeGreaterThan(0.1);
    expect(course?.upper[0]).toBeLessThan(0.12);
    // a tenth of the reference's errors, since the policy says nothing
    expect(course?.m[0]).toBeCloseTo((course?.upper[0] ?? 0) + 0.01, 12);
    expect(courseOf(of(reference, 'error', { tolerance: { error: 0.02 } }), reference)?.[0]?.m[0]).toBeCloseTo((course?.upper[0] ?? 0) + 0.02, 12);
    // rows that resemble their forerunners are fewer
    expect(courseOf(monitor('error'), reference, 0.6)?.[0]?.upper[0]).toBeGreaterThan((course?.upper[0] ?? 0) + 0.01);
  });
  it('watches 1 - confidence', () => {
    const [moments] = monitor('confidence').streams[0]?.moments(profileOf(reference, rowsOnCourse(10))) ?? [];
    expect((moments?.sum ?? 0) / 10).toBeCloseTo(0.105, 5);
    expect(moments?.squares).toBeCloseTo(rowsOnCourse(10).reduce((sum, row) => sum + (1 - (row.confidence ?? 0)) ** 2, 0), 4);
  });
  it('has a stream for each label, the rarer ones, and new ones, and for the fall of each that can fall', () => {
    const courses = courseOf(monitor('labels'), reference) ?? [];
    // three predicted labels and z, which rows truly have; z cannot fall further
    expect(courses.map(({ stream }) => stream.name)).toEqual(['a', 'b', 'c', 'z', expect.stringMatching(/rarer/), NEW_LABEL, 'a (fewer)', 'b (fewer)', 'c (fewer)']);
    expect(courses[5]?.upper[0]).toBeGreaterThan(0);
    expect(courses.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(courses[8]?.stream.moments(profileOf(reference, rowsOnCourse(30)))).toEqual([{ n: 30, sum: 20, squares: 20 }]);
  });
  it('of scores between 0 and 1 is the mean of 1 - score, with a bound that holds for them', () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ id: `${i}`, text: 'play abba', label: ['artist'], trueLabel: ['artist', 'year'], confidence: 0.9, score: i % 4 === 0 ? 0.5 : 1 }));
    const spans = buildReference({ model: 'm', adapter: 'a', createdAt: '2026-01-01T00:00:00Z', scoring: { task: 'extraction', labelling: 'single', metric: 'spanF1' }, trainTexts: [], rows });
    const error = of(spans, 'error');
    const [course] = courseOf(error, spans) ?? [];
    expect(course?.reference).toEqual([{ n: 400, sum: 50, squares: 25 }]);
    expect(course?.upper[0]).toBeGreaterThan(0.125);
    // far below the bound of 100 errors, which the rows were not
    expect(course?.upper[0]).toBeLessThan(0.19);
    expect(error.streams[0]?.binary).toBe(false);
    expect(of({ ...spans, scoring: { ...spans.scoring, metric: 'exact' } }, 'error').streams[0]?.binary).toBe(true);
  });
  it('is unknown where the reference has nothing', () => {
    const silent = referenceFor('a2', rowsOnCourse(50).map((row) => ({ ...row, confidence: null })));
    expect(courseOf(of(silent, 'confidence'), silent)).toBeNull();
    expect(courseOf(of(silent, 'error'), silent)).not.toBeNull();
  });
});

describe('segments and seasons', () => {
  const parted = (rows: readonly ScoredRow[], parting: Parting) => buildReference({ model: 'm', adapter: 'a', createdAt: '2026-01-01T00:00:00Z', trainTexts: [], rows, parting });
  it('the whole has half of the budget, segments with rows enough share the other', () => {
    const rows = rowsOnCourse(1_000).map((row, i) => ({ ...row, segment: i % 100 === 0 ? null : i % 4 === 0 ? 'de' : 'en' }));
    const segmented = parted(rows, { segments: ['segment'], season: null, clusterKey: null });
    const courses = courseOf(of(segmented, 'error'), segmented) ?? [];
    // the ten rows without a segment are too few to be watched
    expect(courses.map(({ stream, weight }) => [stream.segment, weight])).toEqual([[null, 0.5], ['segment=en', 0.25], ['segment=de', 0.25]]);
    const german = courses[2] as Course;
    expect(german.reference[0]?.n).toBe(240);
    // the miss is shared as the budget is
    expect(german.upper[0]).toBeGreaterThan(courseOf({ ...of(segmented, 'error'), streams: [german.stream] }, segmented)?.[0]?.upper[0] ?? 1);
    const entry = seriesEntry(courses, { pane: 1, profile: segmented.profile });
    expect(countsOf(entry, 3).map((counts) => listed(counts)[0]?.n)).toEqual([1_000, 750, 240]);
  });
  const daily = rowsOnCourse(2_400).map((row, i) => ({ ...row, trueLabel: i % 24 < 12 ? row.label : 'z', features: {}, at: Date.UTC(2026, 2, 1, i) }));
  const season: Parting = { segments: [], season: { kind: 'season', by: 'hourOfDay', timeZone: 'UTC' }, clusterKey: null };
  it('a declared season has a reference and a bound for each stratum, and panes multiply them', () => {
    const seasonal = parted(daily, season);
    const [whole, ...others] = courseOf(of(seasonal, 'error'), seasonal) ?? [];
    expect(others).toEqual([]);
    expect(whole?.m).toHaveLength(24);
    expect(whole?.upper[3]).toBeLessThan(0.1);
    expect(whole?.upper[20]).toBe(1);
    const night = parted(daily.filter((_, i) => i % 24 < 12).slice(0, 48), season);
    const entry = seriesEntry([whole as Course], { pane: 1, profile: night.profile });
    expect(countsOf(entry, 1)[0]).toHaveLength(12);
    expect(isTaken(entry)).toBe(true);
    // without a row at any hour
    expect(isTaken(seriesEntry([whole as Course], { pane: 1, profile: emptyProfile(seasonal) }))).toBe(false);
  });
  it('where no row of the reference has a time, the whole is watched as one', () => {
    const imported = parted(rowsOnCourse(500), season);
    expect(courseOf(of(imported, 'error'), imported)?.[0]?.m).toHaveLength(1);
  });
});

describe('columns of features', () => {
  const columns = referenceFor('a', featured(2_000));
  const profile = (rows: Parameters<typeof profileOf>[1]) => profileOf(columns, rows);
  const meanOf = (id: string, name: string, rows: Parameters<typeof profileOf>[1]) => {
    const course = courseOf(of(columns, id), columns)?.find(({ stream }) => stream.name === name);
    const [moments] = course?.stream.moments(profile(rows)) ?? [];
    return { mean: (moments?.sum ?? Number.NaN) / (moments?.n ?? 0), m: course?.m[0] ?? Number.NaN };
  };
  it('a number is watched by its rank, its bins and its range, both ways', () => {
    const names = courseOf(of(columns, 'column.amount'), columns)?.map(({ stream }) => stream.name) ?? [];
    expect(names).toContain('amount higher');
    expect(names.filter((name) => name?.includes('in part'))).toHaveLength(10);
    expect(meanOf('column.amount', 'amount higher', featured(800, 5_000)).mean).toBeCloseTo(0.5, 2);
    const higher = meanOf('column.amount', 'amount higher', featured(800, 5_000, 40));
    expect(higher.mean).toBeGreaterThan(higher.m + 0.2);
    expect(meanOf('column.amount', 'amount lower', featured(800, 5_000, -40)).mean).toBeGreaterThan(0.75);
    expect(meanOf('column.amount', 'amount outside the range of the reference', featured(800, 5_000, 40)).mean).toBeCloseTo(0.4, 1);
    expect(meanOf('column.amount', 'amount in part 1 of 5: fewer', featured(800, 5_000, 40)).mean).toBeCloseTo(1, 9);
  });
  it('a category by its values and new ones, a contract by what is missing or of another type', () => {
    const french = featured(400).map((row) => ({ ...row, features: { ...row.features, country: 'fr' } }));
    expect(meanOf('column.country', 'country new values', french).mean).toBe(1);
    expect(meanOf('column.country', 'country = de: fewer', french).mean).toBe(1);
    const broken = featured(400).map((row, i) => ({ ...row, features: { amount: i % 2 === 0 ? 'much' : null, country: row.features.country } }));
    expect(meanOf('contract.amount', 'amount missing', broken).mean).toBe(0.5);
    expect(meanOf('contract.amount', 'amount mistyped', broken).mean).toBe(0.5);
  });
  it('tolerances are overridden by column', () => {
    const tight = courseOf(of(columns, 'contract.amount', { columns: { amount: { tolerance: { missing: 0 } } } }), columns)?.[0];
    const wide = courseOf(of(columns, 'contract.amount'), columns)?.[0];
    expect((wide?.m[0] ?? 0) - (tight?.m[0] ?? 0)).toBeCloseTo(0.02, 9);
  });
  it('the window is compared column by column, by the tests that fit', () => {
    const report = windowReport(columns, profile(featured(500, 5_000, 15)), [1, 2]);
    const column = (name: string) => report.columns.find((each) => each.column === name);
    expect(report.rows).toBe(500);
    expect(column('amount')?.tests.map(({ test }) => test)).toEqual(['Kolmogorov-Smirnov', 'Cramer-von Mises', 'PSI', 'Jensen-Shannon', 'total variation', 'Wasserstein']);
    expect(column('amount')).toMatchObject({ differs: true, kind: 'number', missing: [0.025, expect.closeTo(0.025, 2)] });
    expect(column('amount')?.tests[0]?.effect).toBeGreaterThan(0.1);
    expect(column('country')).toMatchObject({ differs: false, tests: [{ test: 'chi-square', guarantee: expect.stringMatching(/asymptotic|exact/) }, {}, {}, {}] });
    expect(column('label')?.differs).toBe(false);
    expect(column('input')?.tests[0]).toMatchObject({ test: 'linear MMD of hashed n-grams', guarantee: 'exact' });
    expect(column('input length')?.kind).toBe('number');
  });
});

describe('the power floor', () => {
  const at = { threshold: 17_280, divisor: 1 };
  const courses = courseOf(monitor('error'), reference) ?? [];
  const panes = (n: number) => Array.from({ length: n }, (_, i) => ({ pane: i + 1, profile: profileOf(reference, rowsOnCourse(50, i * 50)) }));
  it('says how many rows are missing, and nothing above it', () => {
    const few = floorOf(courses, panes(2), at);
    expect(few.seen).toBe(100);
    // twice the tolerance and what the reference's bound adds
    expect(few.rise).toBeCloseTo(2 * ((courses[0]?.m[0] ?? 0) - 0.1), 9);
    expect(insufficiency(few)).toMatch(/^insufficient: about [0-9,]+ more rows, to see a rise of 0\.05/);
    expect(insufficiency({ ...few, seen: few.rows ?? 0 })).toBeNull();
  });
  it('a small reference shows only large rises', () => {
    const small = referenceFor('a', rowsOnCourse(60));
    expect(floorOf(courseOf(of(small, 'error'), small) ?? [], [], at).rise).toBeGreaterThan(0.25);
  });
  it('has a miss of the reference that all streams share', () => expect(REFERENCE_MISS).toBeLessThanOrEqual(0.02));
});

it('an undeclared rhythm is found and named, and none where there is none', () => {
  const timed = (errorEvery: (hour: number) => number) => Array.from({ length: 24 * 5 }, (_, hour) => {
    const profile = emptyProfile(reference);
    for (const row of rowsOnCourse(5)) observePrediction(profile, reference, row);
    profile.outcome.labelled = 40;
    profile.outcome.errors = Math.round(40 / errorEvery(hour % 24)) + ((hour * 7) % 3) - 1;
    profile.outcome.loss = profile.outcome.squares = profile.outcome.errors * 2 ** 20;
    return { openedAt: new Date(Date.UTC(2026, 2, 1, hour)), profile };
  });
  const tolerance = { error: 0.02, confidence: 0.03, unseen: 0.02 };
  expect(rhythmsOf(timed(() => 10), tolerance)).toEqual([]);
  expect(rhythmsOf(timed((hour) => (hour < 8 ? 4 : 10)), tolerance)).toMatchObject([{ of: 'error', seasonKey: 'hourOfDay', suggestion: expect.stringContaining('monitor.seasonKey: hourOfDay') }]);
  expect(rhythmsOf([], tolerance)).toEqual([]);
});
