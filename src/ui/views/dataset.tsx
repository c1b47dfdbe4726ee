/** One dataset: what is in it, how it was made, where it came from. */
import type { Dataset } from '../../http/api.ts';
import { at, query } from '../lib/api.ts';
import { answerText, count, moment, short } from '../lib/format.ts';
import { replaceQuery, useLoad } from '../lib/use.ts';
import { Empty, Facts, Head, Link, Section, Show, Table } from '../parts/basics.tsx';
import { Value } from '../parts/value.tsx';

export function DatasetView({ id, part }: { id: string; part: string | undefined }) {
  const dataset = useLoad<Dataset>(at('/v1/datasets', id));
  return (
    <Show of={dataset} what="the dataset">
      {(found) => (
        <>
          <DatasetHead dataset={found} />
          <Section title="What is in it">
            <Facts of={Object.entries(found.counts).filter(([, value]) => typeof value !== 'object').map(([name, value]) => [words(name), <Value of={value} />, ['train', 'exam'].includes(name)] as const)} />
            {Object.keys(found.counts.byLabel).length === 0 ? null : <ByLabel byLabel={found.counts.byLabel} />}
          </Section>
          <Section title="Lineage"><Lineage dataset={found} /></Section>
          <Section title="Recipe"><Facts of={Object.entries(found.recipe).map(([name, value]) => [words(name), <Value of={value} />] as const)} /></Section>
          <Rest dataset={found} />
          <Rows id={id} part={part === 'exam' ? 'exam' : 'train'} />
        </>
      )}
    </Show>
  );
}

/** A field's name as words. */
const words = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function DatasetHead({ dataset }: { dataset: Dataset }) {
  const model = { view: 'model', model: dataset.model } as const;
  return (
    <Head crumbs={[{ to: { view: 'fleet' }, text: 'Fleet' }, { to: { ...model, part: 'course' }, text: dataset.model }, { to: { ...model, part: 'datasets' }, text: 'Datasets' }]} title={`Dataset ${short(dataset.id)}`}>
      <p class="muted">Made {moment(dataset.createdAt)} for <Link to={{ view: 'run', id: dataset.runId }}>{dataset.runId}</Link></p>
    </Head>
  );
}

function ByLabel({ byLabel }: { byLabel: Readonly<Record<string, number>> }) {
  const rows = Object.entries(byLabel).sort(([, a], [, b]) => b - a);
  return (
    <details>
      <summary>Train rows by label ({rows.length})</summary>
      <div class="panel"><Table caption="Train rows by label" head={['Label', { text: 'Rows', number: true }]} rows={rows.map(([label, n]) => ({ key: label, cells: [label, count(n)] }))} /></div>
    </details>
  );
}

function Lineage({ dataset }: { dataset: Dataset }) {
  return (
    <Facts of={[
      ['id: sha256 of the manifest', <code>{dataset.id}</code>],
      ['train rows', <code>{dataset.train}</code>],
      ['exam rows', <code>{dataset.exam}</code>],
      ['made after', dataset.parents.length === 0 ? 'none: it is the first' : <>{dataset.parents.map((parent) => <div key={parent}><Link to={{ view: 'dataset', id: parent }}><code>{short(parent)}</code></Link></div>)}</>],
      ['labelled rows since that one', count(dataset.newRows)],
      ['best answer that needs no model', dataset.majority === null ? 'none' : answerText(dataset.majority)],
      ...(dataset.incidents ?? []).map((incident) => ['texts that moved', <NamedRows of={incident} />] as const),
    ]} />
  );
}

/** What became of the predictions that an incident names. */
function NamedRows({ of: { id, sampleIds, labelled, train, exam } }: { of: NonNullable<Dataset['incidents']>[number] }) {
  return <><Link to={{ view: 'incident', id }}>{id}</Link> names {count(sampleIds.length)}: {count(labelled)} labelled, {count(train)} to train on, {count(exam)} to examine with</>;
}

const SHOWN = new Set(['id', 'model', 'runId', 'createdAt', 'recipe', 'counts', 'labels', 'majority', 'train', 'exam', 'parents', 'newRows', 'incidents']);

/** Whatever else the manifest has. */
function Rest({ dataset }: { dataset: Dataset }) {
  const rest = Object.entries(dataset).filter(([name]) => !SHOWN.has(name));
  return rest.length === 0 ? null : <Section title="Further"><Facts of={rest.map(([name, value]) => [words(name), <Value of={value} />] as const)} /></Section>;
}

interface Row {
  readonly id: string;
  readonly text: string;
  readonly label: string;
}

function Rows({ id, part }: { id: string; part: 'train' | 'exam' }) {
  const rows = useLoad<readonly Row[]>(`${at('/v1/datasets', id, 'rows')}${query({ part, limit: 50 })}`);
  return (
    <Section title="First rows" end={<div class="chart-tools" role="group" aria-label="Which rows">{(['train', 'exam'] as const).map((each) => <button key={each} type="button" aria-pressed={each === part} onClick={() => replaceQuery({ rows: each })}>{each}</button>)}</div>}>
      <Show of={rows} what="rows">
        {(list) => <div class="panel"><Table caption={`First ${part} rows`} head={['Text', 'Truth']} rows={list.map((row) => ({ key: row.id, cells: [<span class="small">{row.text}</span>, <span class="tag">{answerText(row.label)}</span>] }))} empty={<Empty title="There are none." />} /></div>}
      </Show>
    </Section>
  );
}
