/** What happens is counted in the replica where it happens: the events as counters and histograms, with ids as exemplars. */
import type { Events } from './events.ts';
import type { Instruments } from './instruments.ts';

export function listen(to: Instruments, events: Pick<Events, 'on'>): void {
  listenToIngest(to, events);
  listenToDrift(to, events);
  listenToRuns(to, events);
  listenToJobs(to, events);
  listenToWebhooks(to, events);
  events.on('wake', ({ task, failed }) => to.add('wakes', { task, result: failed ? 'failed' : 'done' }));
}

function listenToIngest(to: Instruments, events: Pick<Events, 'on'>): void {
  events.on('ingest:batch', ({ model, kind, accepted, duplicates, refused, seconds }) => {
    to.add('ingestRows', { model, kind, result: 'accepted' }, accepted);
    to.add('ingestRows', { model, kind, result: 'duplicate' }, duplicates);
    to.add('ingestRows', { model, kind, result: 'refused' }, refused);
    to.observe('ingestSeconds', { kind }, seconds);
  });
  events.on('predict', ({ model, seconds, rows }) => {
    to.add('predictRows', { model }, rows);
    to.observe('predictSeconds', { model }, seconds);
    confirmed(to, model);
  });
  events.on('target:confirmed', ({ model }) => confirmed(to, model));
}

/** By this machine's clock: what is told is an age as this replica sees it. */
const confirmed = (to: Instruments, model: string) => to.set('targetConfirmed', { model }, Date.now() / 1000);

function listenToDrift(to: Instruments, events: Pick<Events, 'on'>): void {
  events.on('pane:closed', ({ model, rows, labelled, errors }) => {
    to.add('paneRows', { model }, rows);
    to.add('paneLabelled', { model }, labelled);
    to.add('paneErrors', { model }, errors);
  });
  events.on('incident:opened', ({ model, monitor, incident }) => to.add('incidents', { model, monitor }, 1, { incident }));
}

function listenToRuns(to: Instruments, events: Pick<Events, 'on'>): void {
  events.on('trigger:decided', ({ model, reason, decision }) => to.add('triggers', { model, reason, decision }));
  events.on('run:state', ({ model, run, outcome }) => {
    if (outcome !== null) to.add('runOutcomes', { model, outcome }, 1, { run });
  });
  events.on('run:left', ({ model, run, state, seconds }) => {
    to.observe('runSeconds', { state }, seconds, { run });
    // a speed of yesterday is no speed
    if (state === 'train') for (const key of ['trainingSpeed', 'trainingLoss', 'trainingProgress'] as const) to.remove(key, { model });
  });
  events.on('promotion', ({ model, kind, run }) => to.add('promotions', { model, kind }, 1, run === null ? undefined : { run }));
}

function listenToJobs(to: Instruments, events: Pick<Events, 'on'>): void {
  events.on('job:progress', ({ model, step, steps, loss, tokensPerSecond }) => {
    to.set('trainingSpeed', { model }, tokensPerSecond);
    to.set('trainingLoss', { model }, loss);
    to.set('trainingProgress', { model }, steps === 0 ? 0 : step / steps);
  });
  events.on('job:done', ({ model, run, kind, device, seconds, tokens, peakMemoryBytes }) => {
    to.add('trainingSeconds', { model, kind, device }, seconds, { run });
    to.add('trainingTokens', { model, kind }, tokens, { run });
    if (kind === 'train') to.set('trainingMemory', { model }, peakMemoryBytes);
  });
}

function listenToWebhooks(to: Instruments, events: Pick<Events, 'on'>): void {
  events.on('webhook:received', ({ source, result }) => to.add('webhooksReceived', { source, result }));
  events.on('webhook:attempt', ({ target, result, seconds }) => {
    to.add('webhookAttempts', { target, result });
    to.observe('webhookSeconds', { target }, seconds);
  });
}
