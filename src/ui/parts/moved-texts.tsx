/** Texts that moved: what the latched incidents say of them. */
import type { Incident } from '../../http/api.ts';
import { query } from '../lib/api.ts';
import { percent } from '../lib/format.ts';
import { useLoad } from '../lib/use.ts';
import { Link, Section } from './basics.tsx';
import { Samples } from './samples.tsx';

/** Null where no words rose by more than chance, or nobody has looked yet. */
const textsOf = ({ evidence: { texts } }: Incident) => texts ?? null;

/** Words that rose, and the texts that have most of them; else the predictions that the monitor is about. */
function Told({ of }: { of: Incident }) {
  const texts = textsOf(of);
  if (texts === null) return <Samples model={of.model} ids={of.evidence.sampleIds} />;
  return (
    <>
      <p class="small"><span class="muted">rose</span> {texts.ngrams.map(({ ngram, share, before }) => <span key={ngram}><span class="tag">{ngram}</span> <span class="muted">{percent(before)} to {percent(share)}</span> </span>)}</p>
      <Samples model={of.model} ids={texts.sampleIds} />
    </>
  );
}

export function MovedTexts({ model }: { model: string }) {
  const incidents = useLoad<readonly Incident[]>(`/v1/incidents${query({ model })}`, (event) => event.type.startsWith('incident:') && event.data['model'] === model);
  const latched = (incidents.data ?? []).filter(({ state }) => state !== 'resolved');
  if (latched.length === 0) return null;
  return (
    <Section title="Texts that moved">
      {latched.map((incident) => (
        <details key={incident.id} open={latched.length === 1}>
          <summary>{incident.monitor}: {(textsOf(incident) ?? incident.evidence).sampleIds.length} predictions</summary>
          <p class="small">
            <Link to={{ view: 'incident', id: incident.id }}>The whole incident</Link>
            {textsOf(incident) === null ? null : <> · <Link to={{ view: 'model', model, part: 'queue' }}>Those without a label stand first in the queue</Link></>}
          </p>
          <Told of={incident} />
        </details>
      ))}
    </Section>
  );
}
