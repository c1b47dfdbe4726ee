/** What the run trained and stores, beside what full fine-tuning would: counted, not estimated. */
import type { RunCourse } from '../../http/api.ts';
import { bytes, millions } from '../lib/format.ts';
import { Section, Table } from './basics.tsx';

export function CostSection({ course: { cost } }: { course: RunCourse }) {
  if (cost === null) return null;
  const { trained, full, adapterBytes, baseBytes } = cost;
  const share = (part: number | null, whole: number | null) => (part === null || whole === null || whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
  return (
    <Section title="Cost beside full fine-tuning">
      <div class="panel">
        <Table
          caption="What this run trained and stores, beside full fine-tuning"
          head={['What', { text: 'This run', number: true }, { text: 'Full fine-tuning', number: true }, { text: 'Share', number: true }]}
          rows={[
            { key: 'parameters', cells: ['Parameters trained', millions(trained), <>{millions(full)}</>, share(trained, full)] },
            { key: 'bytes', cells: ['Stored for this version', bytes(adapterBytes), bytes(baseBytes), share(adapterBytes, baseBytes)] },
          ]}
        />
      </div>
      <p class="hint">Full fine-tuning: the parameters of the base’s linear layers, which are the fewest that it would train, and the base’s weights, which it would store for every version. The adapter’s count includes its head.</p>
    </Section>
  );
}
