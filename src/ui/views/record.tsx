/** One decision record: its place in the chain, a button that checks both, and all that the decision rested on. */
import { useState } from 'preact/hooks';
import type { DecisionRecordView, Verification } from '../../http/api.ts';
import { at, get, type ApiError } from '../lib/api.ts';
import { moment } from '../lib/format.ts';
import { asApiError, useLoad } from '../lib/use.ts';
import { Facts, Head, Link, ProblemBox, Section, Show, State } from '../parts/basics.tsx';

export function RecordView({ id }: { id: string }) {
  const record = useLoad<DecisionRecordView>(at('/v1/records', id));
  return <Show of={record} what="the record">{(found) => <Whole record={found} />}</Show>;
}

function Whole({ record }: { record: DecisionRecordView }) {
  const model = { view: 'model', model: record.model } as const;
  return (
    <>
      <Head
        crumbs={[{ to: { view: 'fleet' }, text: 'Fleet' }, { to: { ...model, part: 'course' }, text: record.model }, { to: { ...model, part: 'records' }, text: 'Records' }]}
        title={`Record ${record.seq} of ${record.model}`}
        actions={<button type="button" onClick={() => download(record)}>Download</button>}
      >
        <p class="muted">{record.kind}{record.runId === null ? null : <> of <Link to={{ view: 'run', id: record.runId }}>{record.runId}</Link></>}, {moment(record.createdAt)}</p>
      </Head>
      <Verify id={record.id} />
      <Section title="Its place in the chain">
        <Facts of={[['hash', <code>{record.hash}</code>], ['hash of the record before', /^0+$/.test(record.previous) ? 'none: it is the first' : <code>{record.previous}</code>]]} />
      </Section>
      <Section title="What it rested on">
        <pre tabIndex={0} role="region" aria-label="Content of the record">{JSON.stringify(record.content, null, 2)}</pre>
      </Section>
    </>
  );
}

const DECISION: Readonly<Record<Verification['decision'], string>> = {
  same: 'The gates, run again on the recorded exam sheets, gave the recorded evaluation.',
  different: 'The gates, run again on the recorded exam sheets, gave another evaluation than is recorded.',
  none: 'This record holds no evaluation to make again.',
};

function Verify({ id }: { id: string }) {
  const [state, setState] = useState<{ busy: boolean; found: Verification | null; error: ApiError | null }>({ busy: false, found: null, error: null });
  const verify = () => {
    setState({ busy: true, found: null, error: null });
    get<Verification>(at('/v1/records', id, 'verification')).then(
      (found) => setState({ busy: false, found, error: null }),
      (error: unknown) => setState({ busy: false, found: null, error: asApiError(error) }),
    );
  };
  const { found } = state;
  return (
    <Section title="Verification" end={<button type="button" class="primary" disabled={state.busy} onClick={verify}>{state.busy ? 'Verifying …' : 'Verify'}</button>}>
      {state.error === null ? null : <ProblemBox error={state.error} retry={verify} />}
      <div role="status">
        {found === null ? <p class="muted">Computes the model’s chain from its first record on, and makes this decision again from what the record names. The same as <code>npm run cli -- record verify {id}</code>.</p> : (
          <ul>
            <li><State wrap is={found.chain === 'whole' ? 'good' : 'bad'}>The chain is {found.chain}.</State></li>
            <li><State wrap is={found.decision === 'different' ? 'bad' : found.decision === 'same' ? 'good' : 'quiet'}><span>{DECISION[found.decision]}</span></State></li>
          </ul>
        )}
      </div>
    </Section>
  );
}

function download(record: DecisionRecordView): void {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(record, null, 2)}\n`], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${record.id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
