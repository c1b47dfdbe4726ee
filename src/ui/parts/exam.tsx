/** The exam to read: rows on which the two differ, with what each said. */
import type { RunExam } from '../../http/api.ts';
import { at, query } from '../lib/api.ts';
import { answerText, count, percent } from '../lib/format.ts';
import { replaceQuery, useLoad } from '../lib/use.ts';
import { Empty, Section, Show, Table } from './basics.tsx';

const KINDS = ['better', 'worse', 'wrong'] as const;
type Kind = (typeof KINDS)[number];
const NAMES: Readonly<Record<Kind, string>> = { better: 'Challenger better', worse: 'Challenger worse', wrong: 'Challenger wrong' };
const OPPONENT = { champion: 'champion', base: 'base alone', trivial: 'trivial answer' } as const;

export function ExamSection({ run, kind: asked }: { run: string; kind: string | undefined }) {
  const kind = KINDS.find((each) => each === asked) ?? 'better';
  const exam = useLoad<RunExam>(`${at('/v1/runs', run, 'exam')}${query({ kind, limit: 50 })}`);
  const counted = (each: Kind) => (exam.data === null ? '' : ` ${count(exam.data[each])}`);
  return (
    <Section
      title="Rows on which they differ"
      end={<div class="chart-tools" role="group" aria-label="Which rows">{KINDS.map((each) => <button key={each} type="button" aria-pressed={each === kind} onClick={() => replaceQuery({ rows: each })}>{NAMES[each]}{counted(each)}</button>)}</div>}
    >
      <Show of={exam} what="the exam">
        {(found) => (
          <>
            <div class="panel">
              {found.examples.length === 0 ? <Empty title="There is no such row." /> : found.examples.map((example) => <Example key={example.id} example={example} opponent={OPPONENT[found.opponent]} />)}
            </div>
            {found.examples.length < found[kind] ? <p class="hint">The first {found.examples.length} of {count(found[kind])}; those of the window come first, then those that the challenger was surest of.</p> : null}
            {found.byLabel.length === 0 ? null : <ByLabel exam={found} />}
          </>
        )}
      </Show>
    </Section>
  );
}

function Example({ example, opponent }: { example: RunExam['examples'][number]; opponent: string }) {
  const said = (name: string, { answer, confidence, score }: RunExam['examples'][number]['challenger']) => (
    <span><span class="muted">{name}</span> <span class={`tag${score === 1 ? ' right' : ''}`}>{score === 1 ? '✓ ' : ''}{answerText(answer)}</span>{confidence === null ? '' : <span class="small muted"> {percent(confidence, 0)}</span>}</span>
  );
  return (
    <article class="example">
      <p class="text">{example.text}</p>
      <div class="answers">
        <span><span class="muted">truth</span> <span class="tag">{answerText(example.truth)}</span></span>
        {said('challenger', example.challenger)}
        {said(opponent, example.opponent)}
        {example.window ? null : <span class="small muted">an older row</span>}
      </div>
    </article>
  );
}

function ByLabel({ exam }: { exam: RunExam }) {
  return (
    <details>
      <summary>By label</summary>
      <div class="panel">
        <Table
          caption="Mean score by label, those with most at stake first"
          head={['Label', { text: 'Rows', number: true }, { text: 'Challenger', number: true }, { text: OPPONENT[exam.opponent], number: true }]}
          rows={exam.byLabel.map(({ label, n, challenger, opponent }) => ({ key: label, cells: [label, count(n), percent(challenger), percent(opponent)] }))}
        />
      </div>
    </details>
  );
}
