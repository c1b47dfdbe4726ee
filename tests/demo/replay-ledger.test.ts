import { describe, expect, test } from 'vitest';
import { createComparisons } from '../../src/demo/replay/comparison.ts';
import { createLedger } from '../../src/demo/replay/ledger.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import type { MonitorKind } from '../../src/vocabulary.ts';

const silent = () => undefined;

describe('the ledger', () => {
  test('counts alarms from the first row of the stage in which they came', () => {
    const events = createEvents();
    const ledger = createLedger({ events }, { open: silent }, silent);
    const alarm = (monitor: MonitorKind) => events.emit('incident:opened', { model: 'm', incident: 'i', monitor, level: 'log', effect: 0.1, pane: 1 });
    ledger.enter('control');
    ledger.sent(500);
    ledger.enter('stage 2');
    ledger.sent(100);
    ledger.sent(100);
    alarm('error');
    ledger.sent(100);
    alarm('unseen');
    expect(ledger.detection('control')).toEqual({ stage: 'control', rows: null, monitor: null, alarms: 0 });
    expect(ledger.detection('stage 2')).toEqual({ stage: 'stage 2', rows: 200, monitor: 'error', alarms: 2 });
    ledger.close();
    alarm('labels');
    expect(ledger.detection('stage 2').alarms).toBe(2);
  });

  test('a run belongs to the stage of its decision, also when a later stage rolls it back', () => {
    const events = createEvents();
    const ledger = createLedger({ events }, { open: silent }, silent);
    ledger.enter('stage 2');
    events.emit('trigger:decided', { model: 'm', trigger: 't', reason: 'drift', decision: 'fired', why: '' });
    events.emit('trigger:decided', { model: 'm', trigger: 'u', reason: 'labels', decision: 'coalesced', why: '' });
    events.emit('run:state', { model: 'm', run: 'r', state: 'train', outcome: null, reason: null });
    expect(ledger.decisions()).toEqual([]);
    events.emit('run:state', { model: 'm', run: 'r', state: 'watch', outcome: null, reason: 'better' });
    expect(ledger.decisions()).toEqual([{ stage: 'stage 2', run: 'r', trigger: 'drift', outcome: 'promoted', reason: 'better', retrained: true }]);
    ledger.enter('stage 3');
    events.emit('run:state', { model: 'm', run: 'r', state: 'done', outcome: 'rolled-back', reason: 'worse' });
    events.emit('run:state', { model: 'm', run: 's', state: 'done', outcome: 'failed', reason: 'no rows' });
    expect(ledger.decisions().map(({ stage, outcome, retrained }) => [stage, outcome, retrained])).toEqual([['stage 2', 'rolled-back', true], ['stage 3', 'failed', false]]);
  });

  test('a promotion over a champion opens a comparison, the first one and a rollback do not', () => {
    const events = createEvents();
    const opened: string[] = [];
    const ledger = createLedger({ events }, { open: ({ challenger }) => void opened.push(challenger) }, silent);
    events.emit('promotion', { model: 'm', adapter: 'v1', previous: null, kind: 'promotion', run: 'r1' });
    events.emit('promotion', { model: 'm', adapter: 'v2', previous: 'v1', kind: 'promotion', run: 'r2' });
    events.emit('promotion', { model: 'm', adapter: 'v1', previous: 'v2', kind: 'rollback', run: 'r2' });
    expect(opened).toEqual(['v2']);
    ledger.close();
  });
});

describe('comparisons', () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({ id: String(i), text: String(i), label: 'right', stage: 's' }));
  const answerOf = (adapter: string, texts: readonly string[]) => Promise.resolve(texts.map((text) => (adapter === 'good' || Number(text) < 3 ? 'right' : 'wrong')));

  test('look at the window after the promotion and no further', async () => {
    const comparisons = createComparisons(20, answerOf, (row, answer) => Number(row.label === answer));
    comparisons.open({ stage: 's', run: 'r', challenger: 'bad', champion: 'good' });
    for (let pane = 0; pane < 4; pane += 1) await comparisons.observe(rows);
    const [result] = comparisons.results();
    expect(result).toMatchObject({ challenger: 'bad', rows: 20, difference: -0.7 });
    expect(result?.interval[1]).toBeLessThan(0);
  });

  test('equal adapters differ by nothing, and a promotion that no row followed is not held to be worse', async () => {
    const comparisons = createComparisons(20, answerOf, (row, answer) => Number(row.label === answer));
    comparisons.open({ stage: 's', run: 'r', challenger: 'good', champion: 'good' });
    await comparisons.observe(rows);
    comparisons.open({ stage: 's', run: 'q', challenger: 'bad', champion: 'good' });
    const [same, last] = comparisons.results();
    expect(same?.difference).toBe(0);
    expect(same?.interval[1]).toBeGreaterThanOrEqual(0);
    expect(last).toMatchObject({ rows: 0, difference: 0 });
    expect(last?.interval[1]).toBeGreaterThanOrEqual(0);
  });
});
