/** What the person on call reads first: one line for each decision, not for each request. */
import type { Events } from './events.ts';
import type { Logger } from './logger.ts';

export function logEvents(events: Events, log: Logger): void {
  events.on('trigger:decided', ({ model, reason, decision, why }) => log.info({ model, reason }, `trigger ${decision}: ${why}`));
  events.on('run:state', ({ model, run, state, outcome, reason }) => log.info({ model, run, outcome }, state === 'done' ? `run ended, ${outcome}: ${reason}` : `run goes on to ${state}`));
  events.on('incident:opened', ({ model, incident, monitor, level, effect }) => log.warn({ model, incident, level }, `${monitor} has drifted by ${effect.toFixed(3)}`));
  events.on('incident:escalated', ({ model, incident, level, because }) => log.warn({ model, incident, level }, `an incident is now of level ${level}: ${because}`));
  events.on('promotion', ({ model, adapter, previous, kind }) => log.info({ model, adapter, previous }, `${kind}: ${adapter} is live`));
}
