/** Predictions by their ids, to read. */
import { useEffect, useState } from 'preact/hooks';
import type { Prediction } from '../../http/api.ts';
import { at, post, type ApiError } from '../lib/api.ts';
import { answerText, percent } from '../lib/format.ts';
import { asApiError } from '../lib/use.ts';
import { Empty, ProblemBox } from './basics.tsx';

/** As many as the API finds at once. */
const MOST = 100;

export function Samples({ model, ids }: { model: string; ids: readonly string[] }) {
  const [state, setState] = useState<{ found: readonly Prediction[] | null; error: ApiError | null }>({ found: null, error: null });
  const asked = ids.slice(0, MOST);
  useEffect(() => {
    if (asked.length === 0) return;
    post<readonly Prediction[]>(at('/v1/models', model, 'predictions', 'find'), { ids: asked }).then(
      (found) => setState({ found, error: null }),
      (error: unknown) => setState({ found: null, error: asApiError(error) }),
    );
  }, [model, asked.join('\n')]);
  if (asked.length === 0) return <Empty title="No single prediction shows it." />;
  if (state.error !== null) return <ProblemBox error={state.error} />;
  if (state.found === null) return <p class="muted" role="status">Loading predictions …</p>;
  if (state.found.length === 0) return <Empty title="They are no longer kept."><p>Predictions are dropped after the days that TRIMTAB_RETENTION_DAYS says.</p></Empty>;
  return <div class="panel">{state.found.map((each) => <Sample key={each.id} of={each} />)}</div>;
}

function Sample({ of: { id, input, label, confidence, truth, score, segment } }: { of: Prediction }) {
  return (
    <article class="example">
      <p class="text">{input}</p>
      <div class="answers">
        <span><span class="muted">answered</span> <span class="tag">{answerText(label)}</span>{confidence === null ? null : <span class="small muted"> {percent(confidence, 0)}</span>}</span>
        {truth === null ? null : <span><span class="muted">truth</span> <span class={`tag${truth === label ? ' right' : ''}`}>{answerText(truth)}</span></span>}
        {score === null ? null : <span class="muted">worth {percent(score, 0)}</span>}
        {segment === null ? null : <span class="small muted">{segment}</span>}
        {truth === null && score === null ? <span class="muted">no label yet</span> : null}
        <span class="small"><span class="muted">prediction</span> <code class="whole">{id}</code></span>
      </div>
    </article>
  );
}
