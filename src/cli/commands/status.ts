/** `status`: whether the models of a service are on course, a line each. */
import { columns } from '../../demo/columns.ts';
import type { RunState } from '../../vocabulary.ts';
import { readArguments } from '../arguments.ts';
import type { Command } from '../command.ts';
import { modelPath, SERVICE_OPTIONS, SERVICE_USAGE, serviceOf, type Service } from '../http.ts';
import { percent } from '../text.ts';

const usage = `status ${SERVICE_USAGE}`;

interface ModelStatus {
  readonly model: string;
  readonly live: string | null;
  /** Of the last panes; null where no row was labelled. */
  readonly score: number | null;
  readonly labelled: number;
  readonly openIncidents: number;
  readonly run: { readonly id: string; readonly state: RunState } | null;
}

interface DriftAnswer {
  readonly live: { readonly adapter: string } | null;
  readonly panes: readonly { readonly labelled: number; readonly meanScore: number | null }[];
}

export const status: Command = {
  words: ['status'],
  usage,
  summary: 'every model with its live adapter, recent score, open incidents and running stage; code 1 while an incident is open',
  async run(args, context) {
    const parsed = readArguments(args, [], usage, SERVICE_OPTIONS);
    const service = serviceOf(parsed, context);
    const models = await service.get<readonly { name: string }[]>('/v1/models');
    const rows = await Promise.all(models.map(({ name }) => statusOf(service, name)));
    if (parsed.values['json'] === true) context.out(JSON.stringify(rows));
    else if (rows.length === 0) context.out('no model is under watch; PUT /v1/models/NAME registers one');
    else for (const line of table(rows)) context.out(line);
    return rows.every(({ openIncidents }) => openIncidents === 0) ? 0 : 1;
  },
};

async function statusOf(service: Service, model: string): Promise<ModelStatus> {
  const query = `?model=${encodeURIComponent(model)}`;
  const [drift, incidents, [run]] = await Promise.all([
    service.get<DriftAnswer>(modelPath(model, '/drift')),
    service.get<readonly { state: string }[]>(`/v1/incidents${query}`),
    service.get<readonly { id: string; state: RunState }[]>(`/v1/runs${query}&limit=1`),
  ]);
  const labelled = drift.panes.reduce((sum, pane) => sum + pane.labelled, 0);
  const score = drift.panes.reduce((sum, pane) => sum + pane.labelled * (pane.meanScore ?? 0), 0);
  return {
    model,
    live: drift.live?.adapter ?? null,
    score: labelled === 0 ? null : score / labelled,
    labelled,
    openIncidents: incidents.filter(({ state }) => state !== 'resolved').length,
    run: run === undefined || run.state === 'done' ? null : { id: run.id, state: run.state },
  };
}

function table(rows: readonly ModelStatus[]): string[] {
  const cells = rows.map((row) => [
    row.model, row.live ?? 'none', row.score === null ? '' : percent(row.score), String(row.labelled),
    row.openIncidents === 0 ? 'none' : String(row.openIncidents), row.run === null ? '' : `${row.run.id} ${row.run.state}`,
  ]);
  // not indented, as what the demo shows is
  return columns(['model', 'live', 'score', 'labelled', 'incidents', 'run'], cells, 'llllll').split('\n').map((line) => line.slice(2));
}
