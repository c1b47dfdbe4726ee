/** One prediction to label: a key for each label where there are few, typing to find one where there are many. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LabelQueue } from '../../http/api.ts';
import { answerText, percent } from '../lib/format.ts';
import { keyed } from '../lib/label-keys.ts';
import { placeSpans, type Truth } from '../lib/truth.ts';
import { Link } from './basics.tsx';

export interface QueueCardProps {
  readonly row: LabelQueue['rows'][number];
  readonly labels: readonly string[];
  readonly truth: Truth;
  readonly busy: boolean;
  readonly onLabel: (value: unknown) => void;
  readonly onSkip: () => void;
}

export function QueueCard(props: QueueCardProps) {
  const { row, truth } = props;
  return (
    <article class="card" aria-label="Prediction to label">
      <p class="text" tabIndex={0}>{row.text}</p>
      <p><span class="muted">answered</span> <span class="tag">{answerText(row.answer)}</span> <span class="muted">{row.confidence === null ? '' : `${percent(row.confidence)} sure`} · {row.incident === null ? row.why : <Link to={{ view: 'incident', id: row.incident }}>{row.why}</Link>}{row.segment === null ? '' : ` · ${row.segment}`}</span></p>
      {truth.by === 'text' ? <ByText {...props} /> : <ByKeys {...props} />}
    </article>
  );
}

/** As many labels as have a key. */
const MOST = 40;

function ByKeys({ row, labels, truth, busy, onLabel, onSkip }: QueueCardProps) {
  const [find, setFind] = useState('');
  const [picked, setPicked] = useState<readonly string[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const shown = useMemo(() => keyed(labels, row.answer, find, MOST), [labels, row.answer, find]);
  const pick = (label: string) => {
    if (busy) return;
    if (truth.by === 'one') onLabel(label);
    else setPicked(picked.includes(label) ? picked.filter((each) => each !== label) : [...picked, label]);
  };
  const act = useRef<(event: KeyboardEvent) => void>(() => {});
  act.current = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement;
    if (typing && event.target === input.current && event.key === 'Enter' && shown[0] !== undefined) {
      event.preventDefault();
      pick(shown[0].label);
    } else if (typing) return;
    else if (event.key === '/') {
      event.preventDefault();
      input.current?.focus();
    } else if (event.key === ' ') {
      event.preventDefault();
      if (!busy) onSkip();
    } else if (event.key === 'Enter' && truth.by === 'many' && !(event.target instanceof HTMLButtonElement)) onLabel(picked);
    else {
      const label = shown.find(({ key }) => key === event.key)?.label;
      if (label !== undefined) pick(label);
    }
  };
  useEffect(() => {
    const listen = (event: KeyboardEvent) => act.current(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
  return (
    <>
      <ul class="labels" aria-label="Labels">
        {shown.map(({ label, key }) => (
          <li key={label}><button type="button" disabled={busy} aria-pressed={truth.by === 'many' ? picked.includes(label) : undefined} onClick={() => pick(label)}><kbd>{key}</kbd><span>{label}</span></button></li>
        ))}
      </ul>
      <label>Find a label <span class="hint"><kbd>/</kbd> comes here, Enter takes the first</span>
        <input ref={input} type="text" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
      </label>
      <div class="actions">
        {truth.by === 'many' ? <button type="button" class="primary" disabled={busy} onClick={() => onLabel(picked)}>{picked.length === 0 ? 'No label holds' : `These ${picked.length}`} <kbd>Enter</kbd></button> : null}
        {' '}<button type="button" disabled={busy} onClick={onSkip}>Cannot say <kbd>Space</kbd></button>
      </div>
    </>
  );
}

function ByText({ row, truth, busy, onLabel, onSkip }: QueueCardProps) {
  const [text, setText] = useState(truth.field === 'completion' ? row.answer : '');
  const [problem, setProblem] = useState<string | null>(null);
  const send = (event: Event) => {
    event.preventDefault();
    try {
      const parsed = truth.parse(text);
      onLabel(truth.field === 'spans' ? placeSpans(row.text, parsed as { text: string; label: string }[]) : parsed);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form onSubmit={send} class="section">
      <label>Truth <span class="hint">{truth.hint} Ctrl and Enter sends it.</span>
        <textarea rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && send(event)} />
      </label>
      {problem === null ? null : <p class="alarm" role="alert">{problem}</p>}
      <div class="actions"><button type="submit" class="primary" disabled={busy}>Label</button> <button type="button" disabled={busy} onClick={onSkip}>Cannot say</button></div>
    </form>
  );
}
