/** A model's policy, as it is in force: what it watches, when it retrains, on what, and what it lets through. */
import { moment } from '../lib/format.ts';
import type { OfModel } from '../lib/of-model.ts';
import { Facts, Link, Section } from '../parts/basics.tsx';
import { Value } from '../parts/value.tsx';

const SECTIONS = {
  monitor: 'What is watched', retrain: 'When it retrains', data: 'What it learns from', training: 'How it trains', gates: 'What it has to show', rollout: 'How it goes live',
} as const;
type Name = keyof typeof SECTIONS;

export function PolicyView({ model: { name, spec, version, createdAt } }: OfModel) {
  return (
    <>
      <p class="muted">
        Version {version}, in force since {moment(createdAt)}; whoever changed it stands in the <Link to={{ view: 'audit' }} query={{ model: name }}>audit of {name}</Link>. It is changed
        by <code>PUT /v1/models/{name}</code>; <code>trimtab backtest {name} --policy FILE</code> says beforehand what another would have made of what happened.
      </p>
      <Section title="What it is"><Facts of={[['task', spec.task], ...(spec.task === 'classification' ? [['labels', spec.labels] as const] : []), ['base', spec.base.model], ['served by', spec.serving.target]]} /></Section>
      {(Object.keys(SECTIONS) as Name[]).map((section) => (
        <Section key={section} title={SECTIONS[section]} end={<code class="small muted">{section}</code>}>
          <Facts of={fieldsOf(spec[section]).map(([field, value]) => [field, <Value of={value} />] as const)} />
        </Section>
      ))}
      <details><summary>The whole of it, as JSON</summary><pre tabIndex={0}>{JSON.stringify(spec, null, 2)}</pre></details>
    </>
  );
}

/** The fields of a section by their names in the spec, numbers as they stand there; parts of a section stand as `part.field`, together. */
function fieldsOf(section: object): (readonly [string, unknown])[] {
  const fields = Object.entries(section).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? fieldsOf(value).map(([field, each]) => [`${name}.${field}`, each] as const) : [[name, typeof value === 'number' ? String(value) : value] as const],
  );
  return fields.sort(([a], [b]) => (a < b ? -1 : 1));
}
