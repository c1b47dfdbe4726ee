/** The label queue: one prediction at a time, labelled from the keyboard. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LabelQueue } from '../../http/api.ts';
import { at, post, query, type ApiError } from '../lib/api.ts';
import { truthOf, type Truth } from '../lib/truth.ts';
import { asApiError, replaceQuery, useLoad } from '../lib/use.ts';
import { Empty, ProblemBox, Section, Show } from '../parts/basics.tsx';
import { QueueCard } from '../parts/queue-card.tsx';
import type { OfModel } from '../lib/of-model.ts';

const WAYS = { worth: 'Most worth a label', chance: 'Drawn by chance' } as const;
type Way = keyof typeof WAYS;
const ROWS = 20;

export function QueueView({ model: { name, spec }, query: asked }: OfModel) {
  const by: Way = asked['by'] === 'chance' ? 'chance' : 'worth';
  const queue = useLoad<LabelQueue>(`${at('/v1/models', name, 'queue')}${query({ by, limit: ROWS })}`);
  return (
    <Section
      title="Label queue"
      end={<div class="chart-tools" role="group" aria-label="Which predictions">{(Object.keys(WAYS) as Way[]).map((way) => <button key={way} type="button" aria-pressed={way === by} onClick={() => replaceQuery({ by: way === 'worth' ? null : way })}>{WAYS[way]}</button>)}</div>}
    >
      <p class="muted">{by === 'worth'
        ? 'First what incidents name as texts that moved, then what the live adapter is least sure of, in turns over its answers, no two alike. Such labels teach the next adapter; they are no fair sample, so they never feed monitors or exams.'
        : 'A fair sample of the traffic. Such labels teach and measure: they feed the monitors and the exam too.'}</p>
      <Show of={queue} what="the queue">{(found) => (found.adapter === null ? <Empty title="Nothing is live yet, so there are no predictions to label."><p>Import labelled rows first; the first run makes an adapter.</p></Empty> : <Working key={`${by} ${found.adapter}`} queue={found} truth={truthOf(spec)} reload={queue.reload} />)}</Show>
    </Section>
  );
}

/** Works through the rows that were loaded; what is done stays done when more are loaded. */
function Working({ queue, truth, reload }: { queue: LabelQueue; truth: Truth; reload: () => void }) {
  const [done, setDone] = useState<ReadonlyMap<string, string>>(new Map());
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const rows = useMemo(() => queue.rows.filter(({ id }) => !done.has(id)), [queue, done]);
  const row = rows[0];
  const asked = useRef(queue);
  useEffect(() => {
    if (rows.length > 3 || asked.current !== queue || queue.rows.length < ROWS) return;
    asked.current = queue;
    reload();
  }, [rows.length]);
  useEffect(() => void (asked.current = queue), [queue]);
  const finish = (work: Promise<unknown>, id: string, told: string) => {
    setBusy(true);
    work.then(() => setDone((was) => new Map(was).set(id, told)), (thrown: unknown) => setError(asApiError(thrown))).then(() => setBusy(false), () => {});
  };
  if (row === undefined) return <Finished done={done.size} reload={reload} />;
  const label = (value: unknown) => {
    setError(null);
    const feedback = { model: queue.model, predictionId: row.id, [truth.field]: value, ...(queue.by === 'worth' ? { chosen: true } : {}) };
    finish(post<{ refused: readonly { reason: string }[] }>('/v1/feedback', [feedback]).then(requireTaken), row.id, 'labelled');
  };
  const skip = () => {
    setError(null);
    finish(post(at('/v1/models', queue.model, 'queue', 'skip'), { predictionId: row.id }), row.id, 'skipped');
  };
  return (
    <>
      {error === null ? null : <ProblemBox error={error} />}
      <QueueCard key={row.id} row={row} labels={queue.labels} truth={truth} busy={busy} onLabel={label} onSkip={skip} />
      <p class="small muted" role="status">{done.size === 0 ? `${queue.lookedAt.toLocaleString('en-US')} predictions without a label were looked at.` : `${[...done.values()].filter((each) => each === 'labelled').length} labelled, ${[...done.values()].filter((each) => each === 'skipped').length} skipped.`} {rows.length} left of those that are loaded.</p>
    </>
  );
}

/** Feedback is answered row by row: a refusal comes with 202. */
function requireTaken({ refused }: { readonly refused: readonly { readonly reason: string }[] }): void {
  if (refused[0] !== undefined) throw new Error(refused[0].reason);
}

function Finished({ done, reload }: { done: number; reload: () => void }) {
  return <Empty title={done === 0 ? 'No prediction waits for a label.' : 'All of these are done.'}><p>New ones come with the traffic of the live adapter.</p><p><button type="button" onClick={reload}>Look again</button></p></Empty>;
}
