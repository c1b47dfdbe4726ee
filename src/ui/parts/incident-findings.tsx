/** What was found out of an incident: which monitors are of it, what its promise rests on, and which columns, segments and texts moved. */
import type { Incident } from '../../http/api.ts';
import { count, duration, figure, percent, points, range } from '../lib/format.ts';
import { alarmedOf, dependenceText } from '../lib/incident.ts';
import { Facts, Section, State, Table } from './basics.tsx';
import { Samples } from './samples.tsx';

type Evidence = Incident['evidence'];
const [DAY_MS, SECOND_MS] = [86_400_000, 1_000];
const SHARES = [{ text: 'Reference', number: true }, { text: 'Window', number: true }] as const;

export function Alarms({ incident }: { incident: Incident }) {
  return (
    <Section title="Its monitors">
      <div class="panel">
        <Table
          caption="Monitors that alarmed of this cause"
          head={['Monitor', 'Came', { text: 'Changed since pane', number: true }, { text: 'Alarmed at pane', number: true }, { text: 'Rise, points', number: true }, { text: 'Tolerance', number: true }]}
          rows={alarmedOf(incident).map(({ monitor, joined, since, at, effect, interval, tolerance }) => ({
            key: monitor, cells: [<b>{monitor}</b>, joined ? 'joined' : 'opened it', since, at, <>{points(effect)} <span class="small muted">({range(interval)})</span></>, points(tolerance)],
          }))}
        />
      </div>
    </Section>
  );
}

/** Assessed at the pane that alarmed, or the next one; what was resolved before never is. */
export function Findings({ incident }: { incident: Incident }) {
  const { model, state, evidence: { assumptions, columns, segments, texts } } = incident;
  if (assumptions === undefined) {
    return <Section title="Assumptions"><p class="muted">{state === 'resolved' ? 'It was resolved before it was looked into.' : 'It has not been looked into yet: that follows the closing of a pane.'}</p></Section>;
  }
  return (
    <>
      <Assumptions of={assumptions} />
      {columns === undefined ? null : <Columns of={columns} />}
      {segments === undefined ? null : <Segments of={segments} />}
      {texts === undefined ? null : <Texts of={texts} model={model} />}
    </>
  );
}

function Assumptions({ of: { autocorrelation, dependence, referenceAge, labels: { rows, labelled, delays }, doubts } }: { of: NonNullable<Evidence['assumptions']> }) {
  return (
    <Section title="Assumptions">
      <div class="panel padded section">
        {doubts.length === 0 ? <p><State is="good">No doubt shows.</State></p> : <ul>{doubts.map((doubt) => <li key={doubt}><State wrap is="busy"><span>{doubt}</span></State></li>)}</ul>}
        <Facts of={[
          ['autocorrelation of rows', dependenceText(dependence)],
          ['autocorrelation of the error from pane to pane', autocorrelation === null ? 'too few panes before the change' : <>{figure(autocorrelation.value)} <span class="small muted">(chance alone: {figure(autocorrelation.noise)})</span></>],
          ['age of the reference', duration(referenceAge * DAY_MS)],
          ['labels since the change', `${count(labelled)} of ${count(rows)} rows`],
          ['labels took', delays === null ? 'none has come' : `${duration(delays.median * SECOND_MS)} (median), ${duration(delays.most * SECOND_MS)} (95 % of them)`],
        ]} />
      </div>
    </Section>
  );
}

function Columns({ of }: { of: NonNullable<Evidence['columns']> }) {
  return (
    <Section title="Columns that moved">
      {of.length === 0 ? <p class="muted">No column rose by more than its tolerance.</p> : (
        <div class="panel">
          <Table
            caption="Columns that moved most"
            head={['Column', 'Watched for', ...SHARES, { text: 'Rise, points', number: true }, { text: 'Tolerance', number: true }]}
            rows={of.map(({ column, monitor, stream, mean, referenceMean, effect, interval, tolerance }) => ({
              key: column, cells: [<b>{column}</b>, stream === null ? monitor : `${monitor}: ${stream}`, percent(referenceMean), percent(mean), <>{points(effect)} <span class="small muted">({range(interval)})</span></>, points(tolerance)],
            }))}
          />
        </div>
      )}
    </Section>
  );
}

function Segments({ of }: { of: NonNullable<Evidence['segments']> }) {
  return (
    <Section title="Segments that moved">
      {of.length === 0 ? <p class="muted">No segment is watched in which it rose.</p> : (
        <div class="panel">
          <Table caption="Segments that moved most" head={['Segment', 'Monitor', ...SHARES]} rows={of.map(({ segment, monitor, share, referenceShare }, i) => ({ key: i, cells: [<b>{segment}</b>, monitor, percent(referenceShare), percent(share)] }))} />
        </div>
      )}
    </Section>
  );
}

function Texts({ of, model }: { of: NonNullable<Evidence['texts']> | null; model: string }) {
  if (of === null) return <Section title="Texts that moved"><p class="muted">No words rose by more than chance.</p></Section>;
  return (
    <Section title="Texts that moved" end={<span class="small muted">{count(of.rows)} texts since the change, {count(of.before)} before it</span>}>
      <div class="panel">
        <Table
          caption="Words, and pairs of words, that rose most"
          head={['Words', { text: 'Before', number: true }, { text: 'Since', number: true }]}
          rows={[
            ...of.ngrams.map(({ ngram, share, before }) => ({ key: ngram, cells: [<span class="tag">{ngram}</span>, percent(before), percent(share)] })),
            { key: '', cells: ['any of them', percent(of.shareBefore), percent(of.share)] },
          ]}
        />
      </div>
      <details><summary>Texts that have most of them: {of.sampleIds.length}</summary><Samples model={model} ids={of.sampleIds} /></details>
    </Section>
  );
}
