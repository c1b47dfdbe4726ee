/** A model's datasets, each made for one run. */
import type { Dataset } from '../../http/api.ts';
import { at } from '../lib/api.ts';
import { count, moment, short } from '../lib/format.ts';
import { useListOf } from '../lib/use.ts';
import { Empty, Link, Section } from '../parts/basics.tsx';
import { Listed } from '../parts/listed.tsx';
import type { OfModel } from '../lib/of-model.ts';

const number = (text: string) => ({ text, number: true }) as const;

export function DatasetsView({ model: { name } }: OfModel) {
  const datasets = useListOf<Dataset>(name, 'run:state', at('/v1/models', name, 'datasets'));
  return (
    <Section title="Datasets">
      <Listed
        of={datasets}
        what="datasets"
        caption="Datasets, newest first"
        head={['Dataset', 'Made', 'For', number('Train rows'), number('Exam rows'), number('New rows'), number('Labels')]}
        row={rowOf}
        empty={<Empty title="No dataset yet."><p>A run begins by making one from the labelled rows.</p></Empty>}
      />
    </Section>
  );
}

function rowOf({ id, createdAt, runId, counts, newRows, labels }: Dataset) {
  return {
    key: id,
    cells: [
      <Link to={{ view: 'dataset', id }}><code>{short(id)}</code></Link>, <span class="nowrap">{moment(createdAt)}</span>, <Link to={{ view: 'run', id: runId }}>{runId}</Link>,
      count(counts.train), count(counts.exam), count(newRows), count(labels.length),
    ],
  };
}
