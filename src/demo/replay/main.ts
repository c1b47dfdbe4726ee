/** `npm run replay`: the loop over anyone's labelled rows. Exit code 0 only if its own acceptance holds. */
import { rm } from 'node:fs/promises';
import { isTrimtabError } from '../../errors.ts';
import { rulesOf } from '../../spec.ts';
import { temporaryDataDir } from '../../store/embedded.ts';
import { startService } from '../start.ts';
import { play } from './loop.ts';
import { exampleTable } from './example.ts';
import { parseOptions, USAGE, type ReplayOptions } from './options.ts';
import { groupStages, makePlan, type Plan } from './plan.ts';
import { accept, type ReplayReport } from './report.ts';
import { parseRows, readRows, type ReplayRow } from './rows.ts';
import { createScoring } from './scoring.ts';
import type { Unreadable } from '../../table.ts';
import { taskRules } from '../../tasks/index.ts';
import { PANE, replaySpec } from './spec.ts';
import { renderReport } from './table.ts';

const NAMED_ROWS = 5;

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  // with --json, standard output holds one object and nothing else
  const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const rules = taskRules(options.task, options.labelling);
  const { rows, unreadable } = options.data === null
    ? parseRows(exampleTable(options.seed), 'jsonl', options.columns, 'the example', rules)
    : await readRows(options.data, options.columns, rules);
  sayUnreadable(unreadable, say);
  const plan = makePlan(rows, groupStages(rows, options.grouping), options);
  say(`${rows.length} rows; ${plan.initial.length} are imported, then ${plan.stages.map((stage) => `${stage.name} ${stage.rows.length}`).join(', ')}`);
  const report = await replay(plan, rows, options, say);
  const criteria = accept(report);
  if (options.json) process.stdout.write(`${JSON.stringify({ options, unreadable: unreadable.length, ...report, acceptance: criteria }, null, 1)}\n`);
  else say(`\n${renderReport(report, metricOf(options))}`);
  return criteria.every((criterion) => criterion.holds) ? 0 : 1;
}

async function replay(plan: Plan, rows: readonly ReplayRow[], options: ReplayOptions, say: (text: string) => void): Promise<ReplayReport> {
  const dataDir = await temporaryDataDir('trimtab-replay-');
  const { service, config, stop } = await startService({ dataDir, port: 0, pane: PANE, workers: options.workers, gate: null });
  try {
    const spec = replaySpec(plan, options);
    const { models, training, objects } = service.app.parts;
    await models.put(spec);
    const scoring = createScoring(rulesOf(spec), spec.gates.metric, rows);
    return await play(service, plan, options, { training, objects, spec, scoring, base: spec.base.model, seed: options.seed, workers: config.workers }, say);
  } finally {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The metric's name in the tables' heads. */
const metricOf = ({ task, labelling, metric }: ReplayOptions) => (metric === 'auto' ? taskRules(task, labelling).metrics[0] : metric);

function sayUnreadable(unreadable: readonly Unreadable[], say: (text: string) => void): void {
  if (unreadable.length === 0) return;
  say(`${unreadable.length} rows cannot be read and are left out:`);
  for (const { row, problem } of unreadable.slice(0, NAMED_ROWS)) say(`  row ${row}: ${problem}`);
  if (unreadable.length > NAMED_ROWS) say(`  and ${unreadable.length - NAMED_ROWS} more`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isTrimtabError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
