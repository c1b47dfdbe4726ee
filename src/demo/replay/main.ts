/** `npm run replay`: the loop over anyone's labelled rows. Exit code 0 only if its own acceptance holds. */
import { rm } from 'node:fs/promises';
import { isTrimtabError } from '../../errors.ts';
import { temporaryDataDir } from '../../store/embedded.ts';
import { startService } from '../start.ts';
import { play } from './loop.ts';
import { parseOptions, type ReplayOptions } from './options.ts';
import { groupStages, makePlan, type Plan } from './plan.ts';
import { accept, type ReplayReport } from './report.ts';
import { readRows } from './rows.ts';
import type { Unreadable } from '../../table.ts';
import { PANE, replaySpec } from './spec.ts';
import { renderReport } from './table.ts';

const NAMED_ROWS = 5;

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  // with --json, standard output holds one object and nothing else
  const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const { rows, unreadable } = await readRows(options.data, options.columns);
  sayUnreadable(unreadable, say);
  const plan = makePlan(rows, groupStages(rows, options.grouping), options);
  say(`${rows.length} rows; ${plan.initial.length} are imported, then ${plan.stages.map((stage) => `${stage.name} ${stage.rows.length}`).join(', ')}`);
  const report = await replay(plan, options, say);
  const criteria = accept(report);
  if (options.json) process.stdout.write(`${JSON.stringify({ options, unreadable: unreadable.length, ...report, acceptance: criteria }, null, 1)}\n`);
  else say(`\n${renderReport(report)}`);
  return criteria.every((criterion) => criterion.holds) ? 0 : 1;
}

async function replay(plan: Plan, options: ReplayOptions, say: (text: string) => void): Promise<ReplayReport> {
  const dataDir = await temporaryDataDir('trimtab-replay-');
  const { service, config, stop } = await startService({ dataDir, port: 0, pane: PANE, workers: options.workers, gate: null });
  try {
    const spec = replaySpec(plan, options);
    const { models, training, objects } = service.app.parts;
    await models.put(spec);
    return await play(service, plan, options, { training, objects, spec, base: spec.base.model, seed: options.seed, workers: config.workers }, say);
  } finally {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

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
