/** Stage 5: why it was decided. The record of the last run, its place in the chain, and the same decision made again from it. */
import { verifyRecord } from '../../runs/record.ts';
import type { Demo } from '../context.ts';
import { MODEL } from '../spec.ts';

const SHOWN_LINES = 48;
const SHOWN_ITEMS = 4;
const SHOWN_FIELDS = 16;

export async function record(demo: Demo, run: string): Promise<void> {
  const { client, service, screen, checks } = demo;
  screen.stage(5, 'The decision record');
  const records = await client.records(MODEL);
  const own = records.find((each) => each.runId === run && each.kind === 'decision');
  checks.need(own !== undefined, 'the refused run has its record');
  if (own === undefined) return;
  const lines = JSON.stringify(own.content, shorten, 2).split('\n');
  for (const line of lines.slice(0, SHOWN_LINES)) screen.text(`   ${line}`);
  if (lines.length > SHOWN_LINES) screen.text(`   ... ${lines.length - SHOWN_LINES} more lines: GET /v1/records/${own.id}`);
  screen.line('hash', own.hash);
  const { chain, decision } = await verifyRecord(service.app.parts, own.id);
  checks.expect(chain === 'whole', `${records.length} records, each chained to the one before`);
  checks.expect(decision === 'same', 'the decision made again from the record is the same');
  screen.line('verify', `npm run cli -- record verify ${own.id} --data ${demo.folder}`);
}

/** Long lists and tables are cut, for a person; the record itself is whole. */
function shorten(_key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.length <= SHOWN_ITEMS ? value : [...value.slice(0, SHOWN_ITEMS), `... ${value.length - SHOWN_ITEMS} more`];
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length <= SHOWN_FIELDS) return value;
  return { ...Object.fromEntries(entries.slice(0, SHOWN_ITEMS)), '...': `${entries.length - SHOWN_ITEMS} more` };
}
