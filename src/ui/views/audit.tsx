/** Who did what, and why. */
import type { AuditEntry } from '../../http/api.ts';
import { query } from '../lib/api.ts';
import { moment } from '../lib/format.ts';
import { useLoad } from '../lib/use.ts';
import { Empty, Head, Link, Show, State, Table } from '../parts/basics.tsx';

export function AuditView({ model }: { model: string | undefined }) {
  const audit = useLoad<readonly AuditEntry[]>(`/v1/audit${query({ model, limit: 200 })}`, () => true);
  return (
    <>
      <Head title="Audit"><p class="muted">Every action of a person or a key{model === undefined ? '' : ` on ${model}`}. What Trimtab does by itself stands in the records.</p></Head>
      <Show of={audit} what="the audit">
        {(list) => (
          <div class="panel">
            <Table caption="Actions, newest first" head={['When', 'Who', 'What', 'Why', 'How it ended']} rows={list.map(rowOf)} empty={<Empty title="Nobody has done anything yet."><p>Retraining, approving, cancelling, rolling back, acknowledging and resolving stand here, and changes of models and keys.</p></Empty>} />
          </div>
        )}
      </Show>
    </>
  );
}

function rowOf({ id, at, who, role, action, model, subject, reason, outcome }: AuditEntry) {
  return {
    key: id,
    cells: [
      <span class="nowrap">{moment(at, true)}</span>,
      <>{who}<div class="small muted">{role}</div></>,
      <>{action}<div class="small">{model === null ? null : <Link to={{ view: 'model', model, part: 'course' }}>{model}</Link>}{subject === model ? null : <span class="muted"> {subject}</span>}</div></>,
      <span class="small">{reason ?? '–'}</span>,
      <State is={outcome === 'done' ? 'good' : outcome === null ? 'busy' : 'bad'}>{outcome ?? 'not ended'}</State>,
    ],
  };
}
