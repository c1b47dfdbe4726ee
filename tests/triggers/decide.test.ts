import { expect, test } from 'vitest';
import { parseSpec } from '../../src/spec.ts';
import { decide, type Situation } from '../../src/triggers/decide.ts';
import type { TriggerDecision, TriggerReason } from '../../src/vocabulary.ts';

const policy = (retrain: object = {}) => parseSpec({ name: 'm', task: 'classification', serving: {}, retrain }).retrain;
const CALM: Situation = { now: new Date('2026-05-10T12:00:00Z'), activeRun: null, lastStart: null, startsInDay: 0, newLabels: 200 };

test.each<[string, TriggerReason, object, Partial<Situation>, TriggerDecision, RegExp]>([
  ['nothing stands before it', 'drift', {}, {}, 'fired', /drift, with 200 new labelled rows/],
  ['a signal that is not named only observes', 'drift', { on: ['labels'] }, {}, 'declined', /only observing/],
  ['observing comes before a run under way', 'performance', { on: [] }, { activeRun: 'r' }, 'declined', /only observing/],
  ['on: [] does not touch the schedule', 'schedule', { on: [] }, {}, 'fired', /schedule/],
  ['on: [] does not touch a person', 'manual', { on: [] }, {}, 'fired', /asked for/],
  ['a run under way', 'drift', {}, { activeRun: 'm-r7' }, 'coalesced', /m-r7 is under way/],
  ['a run under way stands before a person too', 'manual', {}, { activeRun: 'm-r7' }, 'coalesced', /m-r7/],
  ['a person need not wait', 'manual', { window: '01:00-02:00' }, { newLabels: 0, startsInDay: 9, lastStart: CALM.now }, 'fired', /manual/],
  ['nor a webhook', 'webhook', { window: '01:00-02:00' }, { newLabels: 0, startsInDay: 9, lastStart: CALM.now }, 'fired', /webhook/],
  ['too few labels', 'drift', {}, { newLabels: 199 }, 'waiting', /199 new labelled rows of the 200/],
  ['too few labels for a schedule', 'schedule', {}, { newLabels: 199 }, 'declined', /199/],
  ['cooldown', 'drift', {}, { lastStart: new Date('2026-05-10T06:00:00.001Z') }, 'waiting', /cooldown of 6h until 2026-05-10T12:00:00.001Z/],
  ['cooldown is over', 'drift', {}, { lastStart: new Date('2026-05-10T06:00:00Z') }, 'fired', /drift/],
  ['cooldown for a schedule', 'schedule', {}, { lastStart: new Date('2026-05-10T11:00:00Z') }, 'declined', /cooldown/],
  ['enough for a day', 'labels', {}, { startsInDay: 2 }, 'waiting', /maxPerDay is 2/],
  ['enough for a day, schedule', 'schedule', {}, { startsInDay: 2 }, 'declined', /maxPerDay/],
  ['outside the window', 'drift', { window: '01:00-05:00' }, {}, 'waiting', /window 01:00-05:00 UTC/],
  ['outside the window a schedule waits: the window says when, not whether', 'schedule', { window: '01:00-05:00' }, {}, 'waiting', /window/],
  ['inside the window', 'schedule', { window: '11:00-13:00' }, {}, 'fired', /schedule/],
])('%s', (_name, reason, retrain, situation, decision, why) => {
  const decided = decide(reason, policy(retrain), { ...CALM, ...situation });
  expect(decided.decision).toBe(decision);
  expect(decided.why).toMatch(why);
});
