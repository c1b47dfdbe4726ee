/** A model's datasets, each made for one run. */
import type { Dataset } from '../../http/api.ts';
import { at } from '../lib/api.ts';
import { count, moment, short } from '../lib/format.ts';
import { useLoad } from '../lib/use.ts';
import { Empty, Link, Section, Show, Table } from '../parts/basics.tsx';
import type { OfModel } from '../lib/of-model.ts';

const number = (text: string) => ({ text, number: true }) as const;

export function DatasetsView({ model: { name } }: OfModel) {
  const datasets = useLoad<readonly Dataset[]>(at('/v1/models', name, 'datasets'), (event) => event.type === 'run:state' && event.data['model'] === name);
  return (
    <Section title="Datasets">
      <Show of={datasets} what="datasets">
        {(list) => (
          <div class="panel">
            <Table
              caption="Datasets, newest first"
              head={['Dataset', 'Made', 'For', number('Train rows'), number('Exam rows'), number('New rows'), number('Labels')]}
              rows={list.map((each) => ({
                key: each.id,
                cells: [
                  <Link to={{ view: 'dataset', id: each.id }}><code>{short(each.id)}</code></Link>, <span class="nowrap">{moment(each.createdAt)}</span>, <Link to={{ view: 'run', id: each.runId }}>{each.runId}</Link>,
                  count(each.counts.train), count(each.counts.exam), count(each.newRows), count(each.labels.length),
                ],
              }))}
              empty={<Empty title="No dataset yet."><p>A run begins by making one from the labelled rows.</p></Empty>}
            />
          </div>
        )}
      </Show>
    </Section>
  );
}
