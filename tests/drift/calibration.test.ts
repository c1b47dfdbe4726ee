/** The monitor of calibrated scores: it finds a change of what confidences are worth, and nothing else. */
import { beforeAll, describe, expect, it } from 'vitest';
import { courseOf, type Course } from '../../src/drift/course.ts';
import { findEffect } from '../../src/drift/effect.ts';
import { levelOf } from '../../src/drift/level.ts';
import { monitorsFor } from '../../src/drift/monitors.ts';
import { createPlay, type PlayedIncident } from '../../src/drift/play.ts';
import type { PaneProfile } from '../../src/drift/streams.ts';
import { watchingOf } from '../../src/drift/watching.ts';
import { emptyProfile, observeOutcome, observePrediction, type ReferenceBody } from '../../src/profile/index.ts';
import { parseSpec } from '../../src/spec.ts';
import { binScores, confidenceBin } from '../../src/statistics/confidence-bins.ts';
import { drawNormal } from '../../src/statistics/draw.ts';
import { seededUniform } from '../../src/statistics/random.ts';
import { calibrated } from '../../src/store/reference-cache.ts';
import { referenceFor } from './support.ts';

const { monitor: policy } = parseSpec({ name: 'm', task: 'classification', serving: {} });
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** How sure the model is, in the middle; what it says beyond that; and whether right answers go by it. */
interface World {
  readonly centre: number;
  readonly boast?: number;
  readonly skill?: number;
}

function drawn({ centre, boast = 0, skill = 0 }: World, n: number, seed: number) {
  const uniform = seededUniform(seed);
  return Array.from({ length: n }, (_, i) => {
    const sure = centre + drawNormal(uniform);
    const right = uniform() < sigmoid(0.8 * sure + skill);
    return { id: `row-${i}`, text: 'raise my card limit', label: 'a', trueLabel: right ? 'a' : 'z', confidence: sigmoid(sure + boast), score: Number(right) };
  });
}

const STEADY: World = { centre: 2 };
let reference: ReferenceBody;
beforeAll(() => {
  const rows = drawn(STEADY, 4_000, 1);
  reference = calibrated(referenceFor('a1', rows), binScores(rows));
});

function panesOf(world: World, panes: number, seed = 2): PaneProfile[] {
  const rows = drawn(world, panes * 60, seed);
  return Array.from({ length: panes }, (_, pane) => {
    const profile = emptyProfile(reference);
    for (const row of rows.slice(pane * 60, (pane + 1) * 60)) {
      observePrediction(profile, reference, row);
      observeOutcome(profile, row.score, [], reference.calibrated?.[confidenceBin(row.confidence)] ?? null);
    }
    return { pane: pane + 1, profile };
  });
}

function incidentsOf(world: World, panes = 150): readonly PlayedIncident[] {
  const play = createPlay();
  for (const { pane, profile } of panesOf(world, panes)) play.take({ pane, profile, closedAt: new Date(pane * 300_000), seq: 1, watching: watchingOf(reference, policy) });
  return play.incidents();
}

const monitorsIn = (incidents: readonly PlayedIncident[]) => [...new Set(incidents.flatMap(({ monitor, joined }) => [monitor, ...joined]))].sort();
const accuracy = (world: World) => drawn(world, 20_000, 9).reduce((sum, { score }) => sum + score, 0) / 20_000;

describe('what it finds', () => {
  it('nothing on course', () => {
    expect(monitorsIn(incidentsOf(STEADY))).toEqual([]);
  });
  it('confidences that promise too much at the same accuracy, which the error does not see', () => {
    const overconfident = { ...STEADY, boast: 1.5 };
    expect(accuracy(overconfident)).toBeCloseTo(accuracy(STEADY), 2);
    const incidents = incidentsOf(overconfident);
    expect(monitorsIn(incidents)).toEqual(['calibration']);
    expect(incidents[0]?.evidence.stream).toBe('confidences promise too much');
    expect(incidents[0]?.level).toBe('ticket');
  });
  it('confidences that promise too little at the same accuracy', () => {
    const incidents = incidentsOf({ ...STEADY, boast: -1.5 });
    // the confidence itself has fallen, too
    expect(monitorsIn(incidents)).toEqual(['calibration', 'confidence']);
  });
  it('not harder rows of which the model knows that they are: error and confidence see these', () => {
    const harder = { centre: 0.8 };
    expect(accuracy(harder)).toBeLessThan(accuracy(STEADY) - 0.1);
    expect(monitorsIn(incidentsOf(harder))).toEqual(['confidence', 'error']);
  });
  it('answers that are less often right at the same confidence, beside the error', () => {
    expect(monitorsIn(incidentsOf({ ...STEADY, skill: -1.2 }))).toEqual(['calibration', 'error']);
  });
});

describe('how it is told', () => {
  const coursesOf = () => courseOf(monitorsFor(reference, policy).find(({ kind }) => kind === 'calibration') as ReturnType<typeof monitorsFor>[number], reference) as Course[];
  it('as the mean gap between the promised and the real score, both ways', () => {
    const panes = panesOf({ ...STEADY, boast: 1.5 }, 60);
    const { effect } = findEffect(coursesOf(), panes, { threshold: 1e4 }) ?? {};
    const rows = drawn({ ...STEADY, boast: 1.5 }, 60 * 60, 2);
    const known = rows.flatMap(({ confidence, score }) => {
      const bin = reference.calibrated?.[confidenceBin(confidence)];
      return bin === undefined || bin === null ? [] : [bin.expected - score];
    });
    const gap = known.reduce((sum, each) => sum + each, 0) / known.length;
    expect(effect?.mean).toBeCloseTo(gap, 2);
    expect(effect?.hits).toBeCloseTo((effect?.mean ?? 0) * (effect?.n ?? 0), 2);
    expect(Math.abs(effect?.referenceMean ?? 1)).toBeLessThan(0.02);
    expect(effect?.tolerance).toBeCloseTo(policy.tolerance.calibration, 12);
    expect(effect?.effect).toBeCloseTo((effect?.mean ?? 0) - (effect?.referenceMean ?? 0), 12);
    expect(effect?.interval[0]).toBeGreaterThan(0.05);
    expect(effect?.proven).toBeGreaterThan(policy.tolerance.calibration);
    expect(effect?.proven).toBeLessThan(effect?.effect ?? 0);
  });
  it('each group of calibrated scores has a bound of its own, that of a rate where scores are 0 or 1', () => {
    const [much, little] = coursesOf();
    expect(much?.upper).toHaveLength(4);
    for (const upper of [...(much?.upper ?? []), ...(little?.upper ?? [])]) {
      expect(upper).toBeGreaterThan(0.5);
      expect(upper).toBeLessThan(0.54);
    }
    // rows that depend on each other are fewer
    const dependent = courseOf(monitorsFor(reference, policy).find(({ kind }) => kind === 'calibration') as ReturnType<typeof monitorsFor>[number], reference, 0.6) as Course[];
    expect(dependent[0]?.upper[0]).toBeGreaterThan((much?.upper[0] ?? 1) + 0.01);
  });
  it('takes a fifth of what performance has, and nothing where there is no calibration', () => {
    const weightOf = (of: ReferenceBody) => Object.fromEntries(monitorsFor(of, policy).map(({ kind, weight }) => [kind, Number(weight.toFixed(6))]));
    expect(weightOf(reference)).toMatchObject({ error: 0.4, calibration: 0.1 });
    expect(weightOf(referenceFor('a1'))).toMatchObject({ error: 0.5, calibration: 0 });
  });
  it('calls for work to plan, since estimates without labels rest on it', () => {
    expect(levelOf(['calibration'], null)).toMatchObject({ level: 'ticket', because: 'confidences are not worth what they were' });
  });
});
