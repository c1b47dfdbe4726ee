/** `retrain`, `promote`, `rollback`: what a person may ask of a running service. */
import { missingArgument, readArguments, requiredText, textOf, type Arguments } from '../arguments.ts';
import { showFields, type Command, type Context } from '../command.ts';
import { modelPath, SERVICE_OPTIONS, SERVICE_USAGE, serviceOf } from '../http.ts';

const text = { type: 'string' } as const;

const RETRAIN = `retrain MODEL --reason TEXT ${SERVICE_USAGE}`;
export const retrain: Command = {
  words: ['retrain'],
  usage: RETRAIN,
  summary: 'ask for a run now: cooldown, window and minLabels do not hold for a person, a run under way does',
  async run(args, context) {
    const parsed = readArguments(args, ['MODEL'], RETRAIN, { ...SERVICE_OPTIONS, reason: text });
    const why = reasonOf(parsed, RETRAIN);
    const trigger = await serviceOf(parsed, context).post<{ decision: string; why: string; runId: string | null }>(modelPath(parsed.positionals[0] ?? '', '/triggers'), { why });
    tell(parsed, context, trigger, { decision: trigger.decision, why: trigger.why, run: trigger.runId ?? 'none yet' });
    return 0;
  },
};

const PROMOTE = `promote RUN ${SERVICE_USAGE}`;
export const promote: Command = {
  words: ['promote'],
  usage: PROMOTE,
  summary: 'let the promotion of a run through that waits for a person (rollout.approve: manual)',
  async run(args, context) {
    const parsed = readArguments(args, ['RUN'], PROMOTE, SERVICE_OPTIONS);
    const [id = ''] = parsed.positionals;
    const run = await serviceOf(parsed, context).post<{ id: string; state: string; challenger: string | null }>(`/v1/runs/${encodeURIComponent(id)}/approve`);
    tell(parsed, context, run, { run: run.id, state: run.state, challenger: run.challenger ?? 'none' });
    return 0;
  },
};

const ROLLBACK = `rollback MODEL --reason TEXT [--to ADAPTER] ${SERVICE_USAGE}`;
export const rollback: Command = {
  words: ['rollback'],
  usage: ROLLBACK,
  summary: 'back to the adapter that was live before, or to a named one that was live once',
  async run(args, context) {
    const parsed = readArguments(args, ['MODEL'], ROLLBACK, { ...SERVICE_OPTIONS, reason: text, to: text });
    const to = textOf(parsed, 'to');
    const body = { reason: reasonOf(parsed, ROLLBACK), ...(to === null ? {} : { to }) };
    const moved = await serviceOf(parsed, context).post<{ adapter: string; previous: string | null }>(modelPath(parsed.positionals[0] ?? '', '/rollback'), body);
    tell(parsed, context, moved, { live: moved.adapter, before: moved.previous ?? 'none' });
    return 0;
  },
};

/** Every action of a person has its reason on record. */
function reasonOf(parsed: Arguments, usage: string): string {
  const reason = requiredText(parsed, 'reason', usage);
  if (reason.trim() === '') throw missingArgument('--reason', usage);
  return reason;
}

function tell(parsed: Arguments, context: Context, answer: unknown, fields: Readonly<Record<string, string>>): void {
  if (parsed.values['json'] === true) context.out(JSON.stringify(answer));
  else showFields(context, fields);
}
