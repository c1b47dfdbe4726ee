/** Columns and labels that go by the hour: quiet where the season is declared, named where it is not, and a shift inside an hour is found. */
import { describe, expect, it } from 'vitest';
import { courseOf, lackOf } from '../../src/drift/course.ts';
import { monitorsFor, type Monitor } from '../../src/drift/monitors.ts';
import { createPlay, type PlayedIncident } from '../../src/drift/play.ts';
import { rhythmsOf } from '../../src/drift/rhythm.ts';
import { columnsOf, rhythmicStreams } from '../../src/drift/rhythmic-streams.ts';
import { createFill } from '../../src/drift/seasons.ts';
import type { PaneProfile } from '../../src/drift/streams.ts';
import { watchingOf } from '../../src/drift/watching.ts';
import { windowReport } from '../../src/drift/window.ts';
import { buildReference, decodeReference, divideBy, emptyProfile, encodeReference, inSeason, merge, observePrediction, seasonOf, type Parting, type Profile, type ReferenceBody, type ScoredRow } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { DAY, HOUR } from '../../src/vocabulary.ts';

const policy = (monitor: object = {}) => parseSpec({ name: 'm', task: 'classification', serving: {}, monitor }).monitor;
const DAILY: Parting = { segments: [], season: { kind: 'season', by: 'hourOfDay', timeZone: 'UTC' }, clusterKey: null };
const NONE: Parting = { segments: [], season: null, clusterKey: null };
const BEGIN = Date.UTC(2026, 2, 1);

type Shift = (hour: number) => number;
const still: Shift = () => 0;

/** Rows of which amount, device and label go by the hour of the day. */
function rowAt(at: number, id: string, uniform: () => number, shift: Shift): ScoredRow & { at: number } {
  const hour = new Date(at).getUTCHours();
  const wave = Math.sin((2 * Math.PI * hour) / 24);
  const label = uniform() < 0.4 + 0.3 * wave ? 'refund' : 'other';
  return {
    id, at, text: 'raise my card limit', label, trueLabel: label, confidence: 0.9,
    features: { amount: 100 + 40 * wave + 20 * uniform() + shift(hour), device: uniform() < 0.5 - 0.3 * wave ? 'phone' : 'desk' },
  };
}

/** Over four weeks, at any time. */
function referenceOf(parting: Parting, rows = 6_000, hours = 24): ReferenceBody {
  const uniform = seededUniform(1);
  const made = Array.from({ length: rows }, (_, i) => rowAt(BEGIN - Math.ceil(uniform() * 28) * DAY + Math.floor(uniform() * hours) * HOUR + Math.floor(uniform() * HOUR), `r${i}`, uniform, still));
  return buildReference({ model: 'm', adapter: 'a', createdAt: '2026-03-01T00:00:00Z', trainTexts: ['raise my card limit'], parting, rows: made });
}

function profileOf(reference: ReferenceBody, rows: readonly (ScoredRow & { at: number })[]): Profile {
  const profile = emptyProfile(reference);
  for (const row of rows) {
    const divided = { segment: null, features: row.features ?? null, at: row.at };
    observePrediction(profile, reference, { ...row, parts: divideBy(reference.divisions)(divided), season: seasonOf(reference.divisions)?.(divided) ?? null });
  }
  return profile;
}

/** Panes of an hour and a half, so that some lie in two hours. */
const PANE = 1.5 * HOUR;
const ROWS = 60;

function panesOf(reference: ReferenceBody, days: number, shift: Shift = still): PaneProfile[] {
  const uniform = seededUniform(2);
  return Array.from({ length: Math.round((days * DAY) / PANE) }, (_, pane) => ({
    pane: pane + 1,
    profile: profileOf(reference, Array.from({ length: ROWS }, (_, i) => rowAt(BEGIN + pane * PANE + Math.floor((i / ROWS) * PANE), `p${pane}-${i}`, uniform, shift))),
  }));
}

function incidentsOf(reference: ReferenceBody, panes: readonly PaneProfile[]): readonly PlayedIncident[] {
  const play = createPlay();
  // the same for all panes, as the service's cache has it
  const watching = watchingOf(reference, policy());
  for (const { pane, profile } of panes) play.take({ pane, profile, closedAt: new Date(BEGIN + pane * PANE), seq: 1, watching });
  return play.incidents();
}

const monitorsIn = (incidents: readonly PlayedIncident[]) => [...new Set(incidents.flatMap(({ monitor, joined }) => [monitor, ...joined]))].sort();
const monitorOf = (reference: ReferenceBody, id: string) => monitorsFor(reference, policy()).find((each) => each.id === id) as Monitor;

const declared = referenceOf(DAILY);
const undeclared = referenceOf(NONE);

describe('a season that is declared', () => {
  it('raises no alarm of columns and labels in two weeks', () => {
    expect(incidentsOf(declared, panesOf(declared, 14))).toEqual([]);
  });
  it('a shift inside some of its hours is found', () => {
    const found = incidentsOf(declared, panesOf(declared, 7, (hour) => (hour < 6 ? 25 : 0)));
    expect(monitorsIn(found)).toContain('column.amount');
    expect(monitorsIn(found)).not.toContain('labels');
  });
  it('rows are counted in the whole and in their hour, and the hours are together the whole', () => {
    const [first, second] = panesOf(declared, 0.5).map(({ profile }) => profile);
    const both = merge(first as Profile, second as Profile);
    const amounts = [0, 1, 2].map((hour) => both.columns.get(inSeason(`hourOfDay=${hour}`, 'amount')));
    expect(amounts.map((counts) => (counts?.kind === 'number' ? counts.count : 0))).toEqual([40, 40, 40]);
    expect(both.columns.get('amount')).toMatchObject({ count: 120 });
    expect(decodeReference(encodeReference(declared)).profile).toEqual(declared.profile);
  });
});

describe('a season that is not declared', () => {
  const panes = panesOf(undeclared, 7);
  const found = incidentsOf(undeclared, panes);
  it('raises alarms', () => {
    expect(monitorsIn(found)).toEqual(expect.arrayContaining(['column.amount', 'labels']));
  });
  it('is suggested', () => {
    const alarmed = [['column.amount', 'amount'], ['column.device', 'device'], ['labels', null]].map(([monitor, column]) => ({ monitor: monitor as string, column: column as string | null, stream: streamOf(monitor as string) }));
    const timed = panes.map(({ pane, profile }) => ({ openedAt: new Date(BEGIN + (pane - 1) * PANE), profile }));
    const rhythms = rhythmsOf(timed, { error: 0.02, confidence: 0.03, unseen: 0.02 }, rhythmicStreams(watchingOf(undeclared, policy()), alarmed));
    expect(rhythms.map(({ of, seasonKey }) => [of, seasonKey])).toEqual([['amount higher', 'hourOfDay'], ['device = desk: more', 'hourOfDay'], ['label refund', 'hourOfDay']]);
    expect(rhythms[0]?.suggestion).toBe('amount higher goes with the hourOfDay; declare monitor.seasonKey: hourOfDay');
    expect([columnsOf(alarmed)('amount'), columnsOf(alarmed)('note')]).toEqual([true, false]);
  });
  function streamOf(monitor: string) {
    return monitor === 'labels' ? 'refund' : monitor === 'column.amount' ? 'amount higher' : 'device = desk: more';
  }
});

describe('strata of which the reference has too few rows', () => {
  const halved = referenceOf(DAILY, 2_400, 12);
  it('are not judged, and it says how many rows more they need', () => {
    const courses = courseOf(monitorOf(halved, 'column.amount'), halved) ?? [];
    expect(lackOf(courses)).toEqual({ strata: 12, of: 24, rows: 12 * 50 });
    expect(courses[0]?.upper[3]).toBeLessThan(1);
    const afternoon = panesOf(halved, 5, (hour) => (hour >= 12 ? 500 : 0));
    expect(monitorsIn(incidentsOf(halved, afternoon))).toEqual([]);
    expect(lackOf(courseOf(monitorOf(declared, 'column.amount'), declared) ?? [])).toBeNull();
    expect(lackOf(courseOf(monitorOf(undeclared, 'column.amount'), undeclared) ?? [])).toBeNull();
  });
  it('are filled from panes, those that have enough are not', () => {
    const fill = createFill(halved);
    for (const { profile } of panesOf(halved, 3)) fill.take(profile);
    const filled = fill.filled();
    expect([...filled.keys()].filter((key) => key.endsWith(' amount'))).toHaveLength(12);
    expect([...filled.keys()].some((key) => key.startsWith('@hourOfDay=3 '))).toBe(false);
    expect(filled.get(inSeason('hourOfDay=13', 'amount'))).toMatchObject({ count: 120 });
    const whole = { ...halved, profile: { ...halved.profile, columns: new Map([...halved.profile.columns, ...filled]) } };
    expect(lackOf(courseOf(monitorOf(whole, 'column.amount'), whole) ?? [])).toBeNull();
    expect(lackOf(courseOf(monitorOf(whole, 'labels'), whole) ?? [])).toBeNull();
  });
  it('where no row of the reference has a time, columns and labels are watched as one', () => {
    const imported = buildReference({ model: 'm', adapter: 'a', createdAt: '2026-03-01T00:00:00Z', trainTexts: [], parting: DAILY, rows: Array.from({ length: 500 }, (_, i) => ({ id: `${i}`, text: 'x', label: 'a', trueLabel: 'a', confidence: 0.9 })) });
    expect(monitorOf(imported, 'labels').streams[0]?.season).toBeUndefined();
    expect(courseOf(monitorOf(imported, 'labels'), imported)?.[0]?.m).toHaveLength(1);
  });
  it('a value that came once is new in its hour, too', () => {
    const uniform = seededUniform(4);
    const rows = Array.from({ length: 1_200 }, (_, i) => ({ ...rowAt(BEGIN + (i % 24) * HOUR, `${i}`, uniform, still), features: { code: i < 24 ? `once-${i}` : `code-${i % 7}` } }));
    const { profile } = buildReference({ model: 'm', adapter: 'a', createdAt: '2026-03-01T00:00:00Z', trainTexts: [], parting: DAILY, rows });
    expect(profile.columns.get('code')).toMatchObject({ unseen: 24 });
    expect(profile.columns.get(inSeason('hourOfDay=5', 'code'))).toMatchObject({ unseen: 1 });
  });
});

describe('the window by season', () => {
  const night = (reference: ReferenceBody, shift: Shift = still) => panesOf(reference, 4, shift).filter(({ pane }) => (pane - 1) % 16 < 4).map(({ profile }) => profile).reduce(merge);
  const columnIn = (reference: ReferenceBody, window: Profile, name: string) => windowReport(reference, window, [1, 16]).columns.find(({ column }) => column === name);
  it('a window of nights differs from the whole, and not from the nights', () => {
    expect(columnIn(undeclared, night(undeclared), 'amount')).toMatchObject({ differs: true, bySeason: null });
    const seasonal = columnIn(declared, night(declared), 'amount');
    expect(seasonal?.differs).toBe(false);
    expect(seasonal?.bySeason?.current).toBe(16 * 60);
    expect(seasonal?.bySeason?.reference).toBeLessThan(6 * 300);
    expect(columnIn(declared, night(declared), 'label')?.differs).toBe(false);
    expect(columnIn(declared, night(declared), 'device')?.differs).toBe(false);
  });
  it('nights that are not as nights were differ', () => {
    expect(columnIn(declared, night(declared, () => 15), 'amount')?.differs).toBe(true);
  });
});
