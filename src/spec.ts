/**
 * `ModelSpec`: one model and its policy. One TypeBox schema gives validation, types, OpenAPI and the docs table.
 * `name`, `task` and `serving` are enough to start; everything else has a default.
 */
import { CronExpressionParser } from 'cron-parser';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { messageOf, TrimtabError } from './errors.ts';
import { LABELLINGS, METRICS, taskRules, type TaskRules } from './tasks/index.ts';
import { DAY, HOUR, MINUTE, LOSSES, SEASON_KEYS, SECOND, TASKS, type SeasonKey } from './vocabulary.ts';

const strict = { additionalProperties: false } as const;
const duration = (description: string, standard: string) =>
  Type.String({ pattern: '^[1-9][0-9]*(s|m|h|d)$', description, default: standard });
const choice = <const T extends readonly string[]>(values: T, description: string, standard?: T[number]) =>
  Type.Enum([...values], { description, ...(standard === undefined ? {} : { default: standard }) }) as unknown as Type.TEnum<[...T]>;

/** Tolerances of columns of features; without values given they are overrides, which may be left out. */
function columnTolerance(...standard: number[]) {
  const described = [
    ['mean', 'rise or fall of a column\'s mean rank among the reference\'s values (1/2 there) that is still on course'],
    ['share', 'rise or fall of the share of a bin or value of a column that is still on course'],
    ['newValues', 'rise of the share of values that the reference does not have, or that lie outside its range, that is still on course'],
    ['missing', 'rise of the share of missing values that is still on course'],
    ['mistyped', 'rise of the share of values of another type that is still on course'],
  ] as const;
  const number = (i: number) => Type.Number({ minimum: 0, maximum: 1, description: described[i]?.[1] ?? '', ...(standard[i] === undefined ? {} : { default: standard[i] }) });
  const [mean, share, newValues, missing, mistyped] = [number(0), number(1), number(2), number(3), number(4)];
  return { mean, share, newValues, missing, mistyped };
}

export const RETRAIN_SIGNALS = ['drift', 'performance', 'labels'] as const;

export const ModelSpecSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'DNS label; part of URLs and adapter ids' }),
    task: choice(TASKS, 'what the model does; fixed once the model is registered'),
    labels: choice(LABELLINGS, 'classification: one label a text, or any number; fixed once the model is registered', 'single'),
    base: Type.Object(
      { model: Type.String({ minLength: 1, description: 'folder of the base model; auto: the one that comes along, mini-decoder for generation, else mini-encoder', default: 'auto' }) },
      { ...strict, default: {} },
    ),
    serving: Type.Object({ target: choice(['builtin'] as const, 'where the live adapter is served', 'builtin') }, { ...strict, default: {} }),
    monitor: Type.Object(
      {
        alarmBudget: Type.Object(
          {
            maxFalseAlarms: Type.Number({ exclusiveMinimum: 0, description: 'expected false alarms of the whole model in `per`, at most', default: 1 }),
            per: duration('period of the budget', '30d'),
          },
          { ...strict, default: {} },
        ),
        pane: duration('length of a pane', '5m'),
        segments: Type.Array(Type.String({ pattern: '^[^=@]{1,100}$' }), { maxItems: 8, description: 'features by whose values the traffic is also profiled in parts, the 20 most frequent of each; segment: the prediction\'s own', default: [] }),
        seasonKey: Type.Optional(choice(SEASON_KEYS, 'by which the traffic repeats itself, in the time zone of retrain.timeZone')),
        clusterKey: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'feature that rows of one conversation or user share: the first of each and pane is profiled' })),
        tolerance: Type.Object(
          {
            error: Type.Union([Type.Literal('auto'), Type.Number({ minimum: 0, maximum: 1 })], { description: 'rise of the mean of 1 - score that is still on course; auto: a tenth of the reference\'s mean, at least 0.0025 and at most 0.02', default: 'auto' }),
            calibration: Type.Number({ minimum: 0, maximum: 1, description: 'rise or fall of the mean of score - calibrated score that is still on course', default: 0.03 }),
            confidence: Type.Number({ minimum: 0, maximum: 1, description: 'fall of the mean confidence that is still on course', default: 0.03 }),
            labels: Type.Number({ minimum: 0, maximum: 1, description: 'rise of one predicted label\'s share that is still on course', default: 0.05 }),
            unseen: Type.Number({ minimum: 0, maximum: 1, description: 'rise of the share of unseen n-grams that is still on course', default: 0.01 }),
            format: Type.Number({ minimum: 0, maximum: 1, description: 'generation: rise of the share of outputs that are empty, refusals or not of their form', default: 0.02 }),
            ...columnTolerance(0.05, 0.05, 0.01, 0.02, 0.01),
          },
          { ...strict, default: {} },
        ),
        columns: Type.Record(
          Type.String(),
          Type.Object(
            { watch: Type.Optional(Type.Boolean({ description: 'false: shown, but without monitors' })), tolerance: Type.Optional(Type.Partial(Type.Object(columnTolerance(), strict))) },
            strict,
          ),
          { description: 'by the name of a feature, where its column is to be watched otherwise', default: {} },
        ),
        weights: Type.Object(
          {
            performance: Type.Number({ minimum: 0, description: 'of error and, a fifth of it, calibration', default: 0.5 }),
            drift: Type.Number({ minimum: 0, description: 'of confidence, labels and columns', default: 0.3 }),
            quality: Type.Number({ minimum: 0, description: 'of unseen n-grams, form, missing and mistyped values', default: 0.2 }),
          },
          { ...strict, description: 'proportions in which the alarm budget is shared; what cannot watch gives its share to the others', default: {} },
        ),
        autocorrelation: Type.Optional(Type.Number({ minimum: 0, maximum: 0.95, description: 'of a row with the one before it: log bets are divided by (1 + a) / (1 - a), and above 0 the promise is asymptotic; left out: estimated for each stream from the panes after a promotion' })),
      },
      { ...strict, default: {} },
    ),
    retrain: Type.Object(
      {
        schedule: Type.Optional(Type.String({ minLength: 1, description: 'cron expression of five fields' })),
        on: Type.Array(choice(RETRAIN_SIGNALS, 'signal'), { description: 'what may start a run; [] only observes', default: [...RETRAIN_SIGNALS] }),
        window: Type.Optional(Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'time of day in which runs may start' })),
        timeZone: Type.String({ minLength: 1, description: 'IANA time zone of schedule and window', default: 'UTC' }),
        minLabels: Type.Integer({ minimum: 1, description: 'labelled rows since the last run that a run needs', default: 200 }),
        cooldown: duration('shortest time between the starts of two runs', '6h'),
        maxPerDay: Type.Integer({ minimum: 1, description: 'runs in any 24 hours, at most', default: 2 }),
      },
      { ...strict, default: {} },
    ),
    data: Type.Object(
      {
        window: duration('how far back labelled rows are current', '30d'),
        replay: Type.Number({ minimum: 0, maximum: 1, description: 'older rows in a dataset, as a share of the rows in the window', default: 0.25 }),
        dedupe: choice(['near', 'exact'] as const, 'which duplicates are removed', 'near'),
        examShare: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'share of labelled rows that go to the exam', default: 0.2 }),
        maxRows: Type.Integer({ minimum: 1, description: 'rows of a dataset, at most', default: 50_000 }),
        hardNegatives: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, description: 'of an embedding: documents that a prediction ranked before the right one, learnt as wrong ones beside it, at most so many a row; left out: none' })),
        maxExamRows: Type.Integer({ minimum: 1, description: 'rows of an exam, at most: those of the window first, then older ones in an order that their ids fix', default: 5_000 }),
      },
      { ...strict, default: {} },
    ),
    training: Type.Object(
      {
        engine: choice(['tfjs'] as const, 'what trains', 'tfjs'),
        executor: choice(['local'] as const, 'where the job runs', 'local'),
        lora: Type.Object(
          {
            r: Type.Union([Type.Literal('auto'), Type.Integer({ minimum: 1, maximum: 256 })], { description: 'rank; auto: 16, above 10,000 train rows 32', default: 'auto' }),
            alpha: Type.Union([Type.Literal('auto'), Type.Number({ exclusiveMinimum: 0 })], { description: 'scale is alpha / r; auto: 2 r', default: 'auto' }),
            rslora: Type.Boolean({ description: 'scale is alpha / sqrt(r) instead', default: false }),
            targets: Type.Union([Type.Literal('all-linear'), Type.Array(Type.String())], { description: 'layers that get an adapter', default: 'all-linear' }),
          },
          { ...strict, default: {} },
        ),
        start: choice(['base', 'champion'] as const, 'a fresh adapter, or the champion continued', 'base'),
        epochs: Type.Number({ exclusiveMinimum: 0, description: 'passes over the dataset', default: 3 }),
        batchSize: Type.Integer({ minimum: 1, description: 'rows a step; on a GPU on average, but of a search', default: 32 }),
        learningRate: Type.Union([Type.Literal('auto'), Type.Literal('probe'), Type.Number({ exclusiveMinimum: 0 })], { description: 'peak learning rate; auto: by the number of steps; probe: the best of three around that', default: 'auto' }),
        quantisation: choice(['none', 'nf4'] as const, 'form of the frozen base', 'none'),
        maxNewTokens: Type.Integer({ minimum: 1, description: 'generation: tokens of an output, at most', default: 128 }),
        loss: choice(LOSSES, 'generation: what of a chat is learnt, the completion or all turns of the assistant', 'completion'),
        maxLength: Type.Integer({ minimum: 8, description: 'tokens of a row, at most', default: 128 }),
        seed: Type.Integer({ minimum: 0, default: 1 }),
      },
      { ...strict, default: {} },
    ),
    gates: Type.Object(
      {
        rule: choice(['superior', 'nonInferior'] as const, 'what the challenger must show', 'superior'),
        margin: Type.Number({ minimum: 0, maximum: 1, description: 'margin of `nonInferior`', default: 0.03 }),
        metric: choice(['auto', ...METRICS], 'score of a row, by task: classification accuracy (labels multi: f1, jaccard, exact), extraction spanF1 or exact, embedding nDCG@10, recall@1 or recall@10, generation exact or json; auto: the first named', 'auto'),
        alpha: Type.Number({ exclusiveMinimum: 0, maximum: 0.5, description: 'chance of promoting a challenger that is no better, at most', default: 0.05 }),
        maxForgetting: Type.Number({ minimum: 0, maximum: 1, description: 'loss on older exam rows that is still allowed', default: 0.03 }),
      },
      { ...strict, default: {} },
    ),
    rollout: Type.Object(
      {
        approve: choice(['auto', 'manual'] as const, 'who lets a promotion through', 'auto'),
        watch: duration('how long a promotion is watched', '24h'),
      },
      { ...strict, default: {} },
    ),
  },
  { ...strict, $id: 'ModelSpec', title: 'ModelSpec' },
);

export type ModelSpec = Static<typeof ModelSpecSchema>;

/**
 * Completes and checks a spec from outside. All problems are reported together.
 * @throws TrimtabError `bad-spec`
 */
export function parseSpec(input: unknown): ModelSpec {
  const completed = Value.Default(ModelSpecSchema, structuredClone(input));
  const problems = [...Value.Errors(ModelSpecSchema, completed)].flatMap(problemOf);
  if (problems.length > 0) throw new TrimtabError('bad-spec', { problems: problems.join('; ') });
  const spec = completed as ModelSpec;
  const deeper = furtherProblems(spec);
  if (deeper.length > 0) throw new TrimtabError('bad-spec', { problems: deeper.join('; ') });
  return { ...spec, base: { model: baseOf(spec) }, gates: { ...spec.gates, metric: metricOf(spec) } };
}

/** The rules of the model's task. */
export function rulesOf(spec: Pick<ModelSpec, 'task' | 'labels'>): TaskRules {
  return taskRules(spec.task, spec.labels);
}

/** What profiles are divided by. Types agree with `Parting` of profile. */
export function partingOf({ monitor, retrain }: Pick<ModelSpec, 'monitor' | 'retrain'>): { segments: readonly string[]; season: { kind: 'season'; by: SeasonKey; timeZone: string } | null; clusterKey: string | null } {
  const { segments, seasonKey, clusterKey = null } = monitor;
  return { segments, season: seasonKey === undefined ? null : { kind: 'season', by: seasonKey, timeZone: retrain.timeZone }, clusterKey };
}

/** The base's folder, where `auto` left it to the task: an encoder cannot generate. */
function baseOf({ task, base }: ModelSpec): string {
  if (base.model !== 'auto') return base.model;
  return task === 'generation' ? './models/mini-decoder' : './models/mini-encoder';
}

/** The metric's name, where `auto` left it to the task. */
function metricOf(spec: ModelSpec): string {
  return spec.gates.metric === 'auto' ? (rulesOf(spec).metrics[0] as string) : spec.gates.metric;
}

/** A schema error in words: where, what is wrong, what would be right. */
function problemOf(error: { keyword: string; instancePath: string; message: string; params: object }): string[] {
  const { additionalProperties, allowedValues } = error.params as { additionalProperties?: string[]; allowedValues?: unknown[] };
  // a field too many is told twice: once by itself, once by the object that has it
  if (error.keyword === 'boolean') return [];
  if (additionalProperties) return [`${error.instancePath || '/'} has no field ${additionalProperties.map((name) => `"${name}"`).join(', ')}`];
  const choices = allowedValues ? `: ${allowedValues.join(', ')}` : '';
  return [`${error.instancePath || '/'} ${error.message}${choices}`];
}

function furtherProblems(spec: ModelSpec): string[] {
  const problems: string[] = [];
  if (spec.labels === 'multi' && spec.task !== 'classification') problems.push(`/labels "multi" is for the task classification, not for ${spec.task}`);
  else problems.push(...metricProblems(spec));
  if (spec.training.loss !== 'completion' && spec.task !== 'generation') problems.push(`/training/loss "${spec.training.loss}" is for the task generation, not for ${spec.task}`);
  if (spec.data.hardNegatives !== undefined && spec.task !== 'embedding') problems.push(`/data/hardNegatives ${spec.data.hardNegatives} is for the task embedding, not for ${spec.task}`);
  try {
    new Intl.DateTimeFormat('en', { timeZone: spec.retrain.timeZone });
  } catch {
    problems.push(`/retrain/timeZone "${spec.retrain.timeZone}" is no IANA time zone; for example "Europe/Zurich"`);
  }
  if (spec.retrain.schedule !== undefined) problems.push(...scheduleProblems(spec.retrain.schedule));
  return problems;
}

function metricProblems(spec: ModelSpec): string[] {
  const { metrics } = rulesOf(spec);
  return [...metrics, 'auto'].includes(spec.gates.metric) ? [] : [`/gates/metric "${spec.gates.metric}" does not score this task; it has: ${metrics.join(', ')}`];
}

/** Found here, where somebody reads it: a schedule that is none would else fail every tick. */
function scheduleProblems(expression: string): string[] {
  try {
    if (expression.trim().split(/\s+/).length !== 5) throw new Error('it needs five fields');
    // also refuses what parses and is never due, such as 30 February
    CronExpressionParser.parse(expression, { tz: 'UTC' }).next();
    return [];
  } catch (error) {
    return [`/retrain/schedule "${expression}": ${messageOf(error)}; for example "0 3 * * 1"`];
  }
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Milliseconds of a duration such as `5m` or `30d`. */
export function milliseconds(duration: string): number {
  return Number(duration.slice(0, -1)) * (UNITS[duration.slice(-1)] ?? Number.NaN);
}
