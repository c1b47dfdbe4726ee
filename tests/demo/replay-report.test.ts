import { describe, expect, test } from 'vitest';
import { columns } from '../../src/demo/columns.ts';
import { accept, recovery, type ReplayReport } from '../../src/demo/replay/report.ts';
import { renderReport } from '../../src/demo/replay/table.ts';

const window = (stage: string, third: number, frozen: number, loop: number, ceiling: number) =>
  ({ stage, third, window: third, rows: 100, frozen, loop, ceiling, adapters: ['m--v1-aaaaaaaa'] });
const decision = (stage: string, run: string) => ({ stage, run, trigger: 'drift', outcome: 'promoted', reason: 'better', retrained: true });
const good: ReplayReport = {
  windows: [window('control', 2, 80, 80, 80), window('stage 2', 0, 40, 40, 80), window('stage 2', 2, 40, 72, 80), window('stage 2', 2, 40, 76, 80)],
  detections: [{ stage: 'control', rows: null, monitor: null, alarms: 0 }, { stage: 'stage 2', rows: 200, monitor: 'error', alarms: 1 }],
  decisions: [decision('stage 2', 'r2'), decision('stage 2', 'r3')],
  successions: [{ stage: 'stage 2', run: 'r2', challenger: 'v2', champion: 'v1', rows: 300, difference: -0.01, interval: [-0.03, 0.01] }],
  seconds: 1_800,
};
const failing = (report: ReplayReport) => accept(report).filter((criterion) => !criterion.holds).map((criterion) => criterion.name);

describe('acceptance', () => {
  test('a good replay passes', () => {
    expect(failing(good)).toEqual([]);
    expect(recovery(good, 'stage 2')).toBeCloseTo(0.85);
  });

  test.each<[string, Partial<ReplayReport>, string]>([
    ['an alarm in the control', { detections: [{ stage: 'control', rows: 50, monitor: 'labels', alarms: 1 }, ...good.detections.slice(1)] }, 'control raises no alarm'],
    ['one retrain only', { decisions: good.decisions.slice(1) }, 'stage 2: at least 2 retrains'],
    ['a run that never trained', { decisions: good.decisions.map((d, i) => ({ ...d, retrained: i > 0 })) }, 'stage 2: at least 2 retrains'],
    ['79 % of the gap', { windows: [window('stage 2', 2, 0, 79, 100)] }, 'stage 2: last third recovers 80 % of the gap'],
    ['a worse successor', { successions: good.successions.map((s) => ({ ...s, interval: [-0.08, -0.001] as const })) }, 'no promoted challenger is worse than its champion'],
    ['an hour', { seconds: 3_600 }, 'under 60 minutes'],
  ])('%s fails', (_, change, name) => {
    expect(failing({ ...good, ...change })).toEqual([name]);
  });

  test('without ceilings nobody can say what was recovered, so it does not hold', () => {
    const blind = { ...good, windows: good.windows.map((each) => ({ ...each, ceiling: null })) };
    expect(failing(blind)).toEqual(['stage 2: last third recovers 80 % of the gap']);
    expect(recovery(blind, 'stage 2')).toBeNull();
    expect(renderReport(blind)).toContain('not known: no ceiling was trained');
  });

  test('no control at all fails, no gap does not', () => {
    expect(failing({ ...good, detections: [] })).toContain('control raises no alarm');
    expect(recovery({ windows: [window('stage 2', 2, 80, 70, 80)] }, 'stage 2')).toBeNull();
  });
});

describe('the table', () => {
  test('columns line up', () => {
    expect(columns(['name', 'n'], [['a', '100'], ['longer', '7']], 'lr')).toBe('  name      n\n  a       100\n  longer    7');
  });

  test('shows every window, decision and criterion', () => {
    const text = renderReport(good);
    expect(text).toContain('40.0  76.0     80.0');
    expect(text).toContain('✓ stage 2: last third recovers 80 % of the gap: 85.0 %');
    expect(text).toContain('−3.0 to +1.0');
    expect(renderReport({ ...good, seconds: 7_200 })).toContain('✗ under 60 minutes: 120.0 minutes');
  });
});
