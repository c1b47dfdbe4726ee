/** Who did what, and why. */
import type { AuditEntry } from '../../http/api.ts';
import { query } from '../lib/api.ts';
import { moment } from '../lib/format.ts';
import type { Known } from '../lib/route.ts';
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

/** Where an action's subject is looked at; null: nowhere on its own, or no longer. */
function placeOf({ action, subject }: AuditEntry): Known | null {
  if (action === 'approve' || action === 'cancel') return { view: 'run', id: subject };
  if (['acknowledge', 'resolve', 'mute', 'unmute'].includes(action)) return { view: 'incident', id: subject };
  return action.endsWith('-endpoint') && action !== 'remove-endpoint' ? { view: 'endpoint', id: subject } : null;
}

function Subject({ of }: { of: AuditEntry }) {
  const { model, subject } = of;
  const place = placeOf(of);
  if (subject === model) return null;
  return <>{model === null ? '' : ' · '}{place === null ? <span class="muted">{subject}</span> : <Link to={place}>{subject}</Link>}</>;
}

function rowOf(entry: AuditEntry) {
  const { id, at, who, role, action, model, reason, outcome, detail } = entry;
  return {
    key: id,
    cells: [
      <span class="nowrap">{moment(at, true)}</span>,
      <>{who}<div class="small muted">{role}</div></>,
      <>{action}<div class="small">{model === null ? null : <Link to={{ view: 'model', model, part: 'course' }}>{model}</Link>}<Subject of={entry} /></div></>,
      <span class="small">{reason ?? '–'}</span>,
      <><State is={outcome === 'done' ? 'good' : outcome === null ? 'busy' : 'bad'}>{outcome ?? 'not ended'}</State>{detail === null ? null : <div class="small muted">{detail}</div>}</>,
    ],
  };
}
