/** What a replay found, and whether that is good enough. Pure: the report decides, whoever made it. */
export interface WindowResult {
  readonly stage: string;
  readonly third: number;
  readonly window: number;
  readonly rows: number;
  /** Sum of the scores of the first adapter, of what was live when the row came, and of a model trained on all rows before the third. */
  readonly frozen: number;
  readonly loop: number;
  /** Null when no ceiling was trained. */
  readonly ceiling: number | null;
  /** Adapters that answered, in order. */
  readonly adapters: readonly string[];
}

export interface Detection {
  readonly stage: string;
  /** Rows of the stage until the first alarm; null when none came. */
  readonly rows: number | null;
  readonly monitor: string | null;
  readonly alarms: number;
}

export interface Decision {
  readonly stage: string;
  readonly run: string;
  readonly trigger: string;
  readonly outcome: string;
  readonly reason: string;
  /** True when a challenger was trained and sat the exam. */
  readonly retrained: boolean;
}

export interface Succession {
  readonly stage: string;
  readonly run: string;
  readonly challenger: string;
  readonly champion: string;
  /** On the window after the promotion. */
  readonly rows: number;
  readonly difference: number;
  readonly interval: readonly [number, number];
}

export interface ReplayReport {
  readonly windows: readonly WindowResult[];
  readonly detections: readonly Detection[];
  readonly decisions: readonly Decision[];
  readonly successions: readonly Succession[];
  readonly seconds: number;
}

export interface Criterion {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

/** What must hold; from the issue that asked for the replay. */
export const GOALS = { retrains: 2, recovery: 0.8, stretchRecovery: 0.9, minutes: 60 } as const;

/** Share of the gap from frozen to ceiling that the loop closed in the last third of a stage; null when there is no gap, or no ceiling. */
export function recovery(report: Pick<ReplayReport, 'windows'>, stage: string): number | null {
  const last = report.windows.filter((window) => window.stage === stage && window.third === 2);
  const sum = (key: 'frozen' | 'loop' | 'ceiling') => last.reduce((total, window) => total + (window[key] ?? 0), 0);
  const gap = sum('ceiling') - sum('frozen');
  return gap > 0 ? (sum('loop') - sum('frozen')) / gap : null;
}

/** The acceptance of a replay: the first stage is the control, the others are judged. */
export function accept(report: ReplayReport): Criterion[] {
  const [control, ...stages] = report.detections;
  const perStage = stages.flatMap(({ stage }) => [retrains(report, stage), recovers(report, stage)]);
  const minutes = report.seconds / 60;
  return [
    { name: 'control raises no alarm', holds: control !== undefined && control.alarms === 0, detail: control === undefined ? 'no control was played' : `${control.alarms} alarms` },
    ...perStage,
    noSuccessorWorse(report.successions),
    { name: `under ${GOALS.minutes} minutes`, holds: minutes < GOALS.minutes, detail: `${minutes.toFixed(1)} minutes` },
  ];
}

function retrains(report: ReplayReport, stage: string): Criterion {
  const done = report.decisions.filter((decision) => decision.stage === stage && decision.retrained).length;
  return { name: `${stage}: at least ${GOALS.retrains} retrains`, holds: done >= GOALS.retrains, detail: `${done}` };
}

function recovers(report: ReplayReport, stage: string): Criterion {
  const share = recovery(report, stage);
  const name = `${stage}: last third recovers ${100 * GOALS.recovery} % of the gap`;
  if (report.windows.some((window) => window.stage === stage && window.ceiling === null)) return { name, holds: false, detail: 'not known: no ceiling was trained' };
  if (share === null) return { name, holds: true, detail: 'no gap: the ceiling is not above the frozen adapter' };
  return { name, holds: share >= GOALS.recovery, detail: `${(100 * share).toFixed(1)} %` };
}

function noSuccessorWorse(successions: readonly Succession[]): Criterion {
  const worse = successions.filter(({ interval }) => interval[1] < 0);
  const detail = worse.length === 0 ? `${successions.length} promotions looked at` : worse.map((s) => `${s.challenger} after ${s.champion}`).join(', ');
  return { name: 'no promoted challenger is worse than its champion', holds: worse.length === 0, detail };
}
