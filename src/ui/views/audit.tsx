/** Who did what, and why. */
import type { AuditEntry } from '../../http/api.ts';
import { query } from '../lib/api.ts';
import { moment } from '../lib/format.ts';
import { useLoad } from '../lib/use.ts';
import { Empty, Head, Link, State } from '../parts/basics.tsx';
import { Listed } from '../parts/listed.tsx';

export function AuditView({ model }: { model: string | undefined }) {
  const audit = useLoad<readonly AuditEntry[]>(`/v1/audit${query({ model, limit: 200 })}`, () => true);
  return (
    <>
      <Head title="Audit">
        <p class="muted">Every action of a person or a key{model === undefined ? '' : <> on <b>{model}</b> (<Link to={{ view: 'audit' }}>of all</Link>)</>}. What Trimtab does by itself stands in the records.</p>
      </Head>
      <Listed
        of={audit}
        what="the audit"
        caption="Actions, newest first"
        head={['When', 'Who', 'What', 'Why', 'How it ended']}
        row={rowOf}
        empty={<Empty title="Nobody has done anything yet."><p>Retraining, approving, cancelling, rolling back, and what is done to incidents stand here, and changes of models, keys and webhooks.</p></Empty>}
      />
    </>
  );
}

function rowOf({ id, at, who, role, action, model, subject, reason, outcome, detail }: AuditEntry) {
  return {
    key: id,
    cells: [
      <span class="nowrap">{moment(at, true)}</span>,
      <>{who}<div class="small muted">{role}</div></>,
      <>{action}<div class="small">{model === null ? null : <Link to={{ view: 'model', model, part: 'course' }}>{model}</Link>}{subject === model ? null : <span class="muted"> {subject}</span>}</div></>,
      <span class="small">{reason ?? '–'}</span>,
      <><State is={outcome === 'done' ? 'good' : outcome === null ? 'busy' : 'bad'}>{outcome ?? 'not ended'}</State>{detail === null ? null : <div class="small muted">{detail}</div>}</>,
    ],
  };
}
