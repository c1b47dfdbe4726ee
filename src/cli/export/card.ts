/** The model card of an adapter: what it is, what it was trained on, how it did, all from the store. Markdown with the front matter that Hugging Face reads. */
import type { DatasetManifest } from '../../datasets/manifest.ts';
import type { Evaluation, Standing } from '../../evaluation/gates.ts';
import type { ModelSpec } from '../../spec.ts';
import type { Adapter } from '../../store/promotion.ts';
import { percent, standingText } from '../text.ts';

/** What a card tells of adapter_config.json. */
export interface PeftConfig {
  readonly base_model_name_or_path: string;
  readonly r: number;
  readonly lora_alpha: number;
  readonly target_modules: readonly string[];
}

export interface CardParts {
  readonly adapter: Adapter;
  readonly config: PeftConfig;
  readonly spec: ModelSpec;
  /** Null where the run's record is gone. */
  readonly dataset: DatasetManifest | null;
  readonly evaluation: Evaluation | null;
}

/** What Hugging Face calls our tasks. */
const PIPELINES: Readonly<Record<ModelSpec['task'], string>> = {
  classification: 'text-classification', extraction: 'token-classification', embedding: 'sentence-similarity', generation: 'text-generation',
};

export function modelCard({ adapter, config, spec, dataset, evaluation }: CardParts): string {
  const base = config.base_model_name_or_path;
  return [
    '---', `base_model: ${JSON.stringify(base)}`, 'library_name: peft', `pipeline_tag: ${PIPELINES[spec.task]}`, 'tags: [lora, trimtab]', '---', '',
    `# ${adapter.id}`, '',
    `A LoRA adapter for the task ${spec.task} on ${base}, trained by Trimtab in run ${adapter.runId} on ${adapter.createdAt.toISOString().slice(0, 10)}.`, '',
    ...facts([
      ['weights, sha256', adapter.sha256],
      ['base weights, sha256', adapter.baseSha256],
      ['rank, alpha', `${config.r}, ${config.lora_alpha}`],
      ['trained linear layers', config.target_modules.join(', ')],
      ['epochs', String(spec.training.epochs)],
      ...(adapter.labels.length === 0 ? [] : [['labels', adapter.labels.join(', ')] as const]),
    ]),
    ...(dataset === null ? [] : ['', '## Trained on', '', ...facts(datasetFacts(dataset))]),
    ...(evaluation === null ? [] : ['', '## Examined', '', evaluation.reason, '', ...facts(examFacts(evaluation))]),
    '',
  ].join('\n');
}

function datasetFacts({ id, counts, createdAt }: DatasetManifest): [string, string][] {
  return [
    ['dataset', id],
    ['made', createdAt],
    ['train rows', `${counts.train}, of them ${counts.window} of the window and ${counts.replay} older ones`],
    ['exam rows', `${counts.exam}, none of them ever trained on`],
    ['left out as duplicates', String(counts.droppedDuplicates)],
  ];
}

function examFacts({ metric, champion, challenger, gates }: Evaluation): [string, string][] {
  return [
    [`${metric} of this adapter`, standingOf(challenger)],
    ...(champion === null ? [] : [[`${metric} of the one before`, standingOf(champion)] as [string, string]]),
    ...gates.map((gate): [string, string] => [`gate ${gate.name}`, `${gate.result}: ${gate.why}`]),
  ];
}

const standingOf = (all: Standing) => `${standingText(all)} of the window${all.older === null ? '' : `, ${percent(all.older.score)} on ${all.older.n} older ones`}`;

const facts = (rows: readonly (readonly [string, string])[]) => ['| what | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|')} |`)];
