/** What the run trained and stores, beside what full fine-tuning would: counted, not estimated. */
import type { RunCourse } from '../../http/api.ts';
import { bytes, millions } from '../lib/format.ts';
import { Section, Table } from './basics.tsx';

/** Of each parameter that is trained: its gradient and two moments, in float32. */
const STATE_BYTES = 12;

export function CostSection({ course: { cost } }: { course: RunCourse }) {
  if (cost === null) return null;
  const { trained, full, adapterBytes, baseBytes } = cost;
  const stateBytes = (parameters: number | null) => (parameters === null ? null : STATE_BYTES * parameters);
  const share = (part: number | null, whole: number | null) => (part === null || whole === null || whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
  return (
    <Section title="Cost beside full fine-tuning">
      <div class="panel">
        <Table
          caption="What this run trained and stores, beside full fine-tuning"
          head={['What', { text: 'This run', number: true }, { text: 'Full fine-tuning', number: true }, { text: 'Share', number: true }]}
          rows={[
            { key: 'parameters', cells: ['Parameters trained', millions(trained), <>{millions(full)}</>, share(trained, full)] },
            { key: 'state', cells: ['Gradients and AdamW’s moments', bytes(stateBytes(trained)), bytes(stateBytes(full)), share(trained, full)] },
            { key: 'bytes', cells: ['Stored for this version', bytes(adapterBytes), bytes(baseBytes), share(adapterBytes, baseBytes)] },
          ]}
        />
      </div>
      <p class="hint">Full fine-tuning: the parameters of the base’s linear layers, which are the fewest that it would train, and the base’s weights, which it would store for every version. The adapter’s count includes its head. Gradients and moments are in float32, and held while it trains.</p>
    </Section>
  );
}
