/** Whether a trigger starts a run: pure, so that every decision can be tested and explained. */
import type { ModelSpec } from '../spec.ts';
import { milliseconds } from '../spec.ts';
import type { TriggerDecision, TriggerReason } from '../vocabulary.ts';
import { inWindow } from './schedule.ts';

export interface Situation {
  readonly now: Date;
  readonly activeRun: string | null;
  readonly lastStart: Date | null;
  readonly startsInDay: number;
  readonly newLabels: number;
}

export interface Decision {
  readonly decision: TriggerDecision;
  readonly why: string;
}

/** A person who asks for a run gets one now: only a run that is already under way stands before it. */
const BY_HAND: readonly TriggerReason[] = ['manual', 'webhook'];
/** What will be due again by itself is declined where the others wait. */
const COMES_AGAIN: readonly TriggerReason[] = ['schedule'];

export function decide(reason: TriggerReason, policy: ModelSpec['retrain'], s: Situation): Decision {
  if (isSignal(reason) && !policy.on.includes(reason)) return { decision: 'declined', why: `retrain.on does not name ${reason}: only observing` };
  if (s.activeRun) return { decision: 'coalesced', why: `run ${s.activeRun} is under way and will see the same data` };
  if (BY_HAND.includes(reason)) return { decision: 'fired', why: `asked for (${reason})` };
  const obstacle = obstacleOf(policy, s);
  if (obstacle === null) return { decision: 'fired', why: `${reason}, with ${s.newLabels} new labelled rows` };
  // outside the window even a schedule waits: the window says when, not whether
  const waits = obstacle.kind === 'window' || !COMES_AGAIN.includes(reason);
  return { decision: waits ? 'waiting' : 'declined', why: obstacle.why };
}

function obstacleOf(policy: ModelSpec['retrain'], s: Situation): { kind: string; why: string } | null {
  if (s.newLabels < policy.minLabels) return { kind: 'labels', why: `${s.newLabels} new labelled rows of the ${policy.minLabels} that a run needs` };
  const ready = s.lastStart === null ? null : new Date(s.lastStart.getTime() + milliseconds(policy.cooldown));
  if (ready !== null && s.now < ready) return { kind: 'cooldown', why: `cooldown of ${policy.cooldown} until ${ready.toISOString()}` };
  if (s.startsInDay >= policy.maxPerDay) return { kind: 'per-day', why: `${s.startsInDay} runs in the last 24 hours; maxPerDay is ${policy.maxPerDay}` };
  if (policy.window !== undefined && !inWindow(policy.window, policy.timeZone, s.now)) {
    return { kind: 'window', why: `waiting for the window ${policy.window} ${policy.timeZone}` };
  }
  return null;
}

function isSignal(reason: TriggerReason): reason is 'drift' | 'performance' | 'labels' {
  return reason === 'drift' || reason === 'performance' || reason === 'labels';
}
