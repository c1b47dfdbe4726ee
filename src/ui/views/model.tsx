/** One model: its head, and the part of it that is looked at. */
import { useEffect, useRef } from 'preact/hooks';
import type { FleetRow, Model } from '../../http/api.ts';
import { at } from '../lib/api.ts';
import { worstLevel } from '../lib/incident.ts';
import type { OfModel } from '../lib/of-model.ts';
import { MODEL_VIEWS, type ModelView as Part, type Query } from '../lib/route.ts';
import { standOf } from '../lib/standing.ts';
import { useLoad, useNow } from '../lib/use.ts';
import { Head, Link, Show, State } from '../parts/basics.tsx';
import { Level } from '../parts/level.tsx';
import { ModelActions } from '../parts/model-actions.tsx';
import { CourseView } from './course.tsx';
import { DatasetsView } from './datasets.tsx';
import { PolicyView } from './policy.tsx';
import { QueueView } from './queue.tsx';
import { RecordsView } from './records.tsx';
import { RunsView } from './runs.tsx';

const NAMES: Readonly<Record<Part, string>> = { course: 'Course', runs: 'Runs', records: 'Records', datasets: 'Datasets', queue: 'Label queue', policy: 'Policy' };

export function ModelView({ model, part, query }: { model: string; part: Part; query: Query }) {
  const now = useNow();
  const loaded = useLoad<Model>(at('/v1/models', model));
  const fleet = useLoad<readonly FleetRow[]>('/v1/fleet', (event) => event.data['model'] === model);
  const row = fleet.data?.find((each) => each.model === model) ?? null;
  const stand = row === null ? null : standOf(row, now);
  const tabs = useRef<HTMLElement>(null);
  // on a narrow screen the row of tabs is longer than the screen
  useEffect(() => tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [part]);
  const worst = row === null ? null : worstLevel(row.incidents, now);
  return (
    <>
      <Head crumbs={[{ to: { view: 'fleet' }, text: 'Fleet' }]} title={model} actions={<ModelActions model={model} row={row} onDone={fleet.reload} />}>
        <p class="muted">{loaded.data?.spec.task ?? ' '}{stand === null ? null : <> · <State is={stand.is}>{stand.text}</State></>}{worst === null ? null : <> <Level of={worst.level} muted={worst.muted} /></>}</p>
      </Head>
      <nav class="tabs" aria-label={`Parts of ${model}`} ref={tabs}>
        {MODEL_VIEWS.map((each) => <Link key={each} to={{ view: 'model', model, part: each }} current={each === part}>{NAMES[each]}</Link>)}
      </nav>
      <Show of={loaded} what={model}>{(found) => viewOf(part, { model: found, row, query })}</Show>
    </>
  );
}

function viewOf(part: Part, props: OfModel) {
  switch (part) {
    case 'course':
      return <CourseView {...props} />;
    case 'runs':
      return <RunsView {...props} />;
    case 'records':
      return <RecordsView {...props} />;
    case 'datasets':
      return <DatasetsView {...props} />;
    case 'queue':
      return <QueueView {...props} />;
    case 'policy':
      return <PolicyView {...props} />;
  }
}
