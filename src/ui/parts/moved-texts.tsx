/** Texts that moved: the predictions that the latched incidents are about. */
import type { Incident } from '../../http/api.ts';
import { query } from '../lib/api.ts';
import { useLoad } from '../lib/use.ts';
import { Link, Section } from './basics.tsx';
import { Samples } from './samples.tsx';

export function MovedTexts({ model }: { model: string }) {
  const incidents = useLoad<readonly Incident[]>(`/v1/incidents${query({ model })}`, (event) => event.type.startsWith('incident:') && event.data['model'] === model);
  const latched = (incidents.data ?? []).filter(({ state }) => state !== 'resolved');
  if (latched.length === 0) return null;
  return (
    <Section title="Texts that moved">
      {latched.map((incident) => (
        <details key={incident.id} open={latched.length === 1}>
          <summary>{incident.monitor}: {incident.evidence.sampleIds.length} predictions</summary>
          <p class="small"><Link to={{ view: 'incident', id: incident.id }}>The whole incident</Link></p>
          <Samples model={model} ids={incident.evidence.sampleIds} />
        </details>
      ))}
    </Section>
  );
}
