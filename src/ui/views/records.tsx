/** The chain of a model's decision records. */
import type { DecisionRecordView } from '../../http/api.ts';
import { at, query } from '../lib/api.ts';
import { moment, short } from '../lib/format.ts';
import { useListOf } from '../lib/use.ts';
import { Empty, Link, Section } from '../parts/basics.tsx';
import { Listed } from '../parts/listed.tsx';
import type { OfModel } from '../lib/of-model.ts';

export function RecordsView({ model: { name } }: OfModel) {
  const records = useListOf<DecisionRecordView>(name, 'run:state', `${at('/v1/models', name, 'records')}${query({ limit: 200 })}`);
  return (
    <Section title="Decision records">
      <p class="muted">Each record names the hash of the one before it, so that one which is changed, taken out or slipped in later is noticed.</p>
      <Listed
        of={records}
        what="records"
        caption="Decision records, newest first"
        head={[{ text: 'No.', number: true }, 'What', 'When', 'Hash', 'After']}
        row={rowOf}
        empty={<Empty title="Nothing has been decided yet."><p>The first run that ends leaves a record.</p></Empty>}
      />
    </Section>
  );
}

function rowOf({ id, seq, kind, runId, createdAt, hash, previous }: DecisionRecordView) {
  return {
    key: id,
    cells: [
      seq, <><Link to={{ view: 'record', id }}>{kind}</Link>{runId === null ? null : <span class="muted small"> of <Link to={{ view: 'run', id: runId }}>{runId}</Link></span>}</>,
      <span class="nowrap">{moment(createdAt)}</span>, <code>{short(hash)}</code>, <code class="muted">{short(previous)}</code>,
    ],
  };
}
