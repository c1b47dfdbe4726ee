/** An adapter as a folder that Hugging Face's hub, PEFT and vLLM take: PEFT's two files, our own beside them, and a model card. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DatasetManifest } from '../../datasets/manifest.ts';
import { TrimtabError } from '../../errors.ts';
import type { Evaluation } from '../../evaluation/gates.ts';
import { ADAPTER_FILES } from '../../lora/adapter-files.ts';
import { datasetOfRun } from '../../store/datasets.ts';
import { getModel, getModelVersion } from '../../store/models.ts';
import { getAdapter } from '../../store/promotion.ts';
import { getRun } from '../../store/runs.ts';
import type { Opened } from '../open.ts';
import { modelCard, type CardParts, type PeftConfig } from './card.ts';

/** Files by name. */
export type ExportedFiles = ReadonlyMap<string, Uint8Array>;

/**
 * The files of an adapter. `baseName` takes the place of the base's path in adapter_config.json: PEFT and vLLM's resolver look the base up by it.
 * @throws TrimtabError `not-found`
 */
export async function exportHuggingFace({ pool, objects }: Opened, id: string, baseName: string | null): Promise<ExportedFiles> {
  const adapter = await getAdapter(pool, id);
  if (adapter === null) throw new TrimtabError('not-found', { what: 'adapter', id });
  const files = new Map<string, Uint8Array>();
  for (const [name, digest] of Object.entries(adapter.files)) files.set(name, await objects.get(digest));
  const config = { ...(JSON.parse(new TextDecoder().decode(files.get(ADAPTER_FILES.config))) as PeftConfig), ...(baseName === null ? {} : { base_model_name_or_path: baseName }) };
  files.set(ADAPTER_FILES.config, bytesOf(`${JSON.stringify(config, null, 2)}\n`));
  files.set('README.md', bytesOf(modelCard({ adapter, config, ...(await historyOf(pool, adapter.model, adapter.runId)) })));
  return files;
}

/** How the adapter came to be, as far as the store still knows. */
async function historyOf(pool: Opened['pool'], model: string, runId: string): Promise<Pick<CardParts, 'spec' | 'dataset' | 'evaluation'>> {
  const run = await getRun(pool, runId);
  const stored = (run === null ? null : await getModelVersion(pool, model, run.specVersion)) ?? (await getModel(pool, model));
  if (stored === null) throw new TrimtabError('not-found', { what: 'model', id: model });
  return { spec: stored.spec, dataset: await datasetOfRun<DatasetManifest>(pool, runId), evaluation: (run?.evaluation ?? null) as Evaluation | null };
}

/** What is written must not mix with what stands there. @throws TrimtabError `conflict` when the folder exists */
export async function absent(folder: string): Promise<void> {
  if (await access(folder).then(() => true, () => false)) throw new TrimtabError('conflict', { problem: `${folder} exists`, right: 'name a folder that does not exist yet' });
}

/** Writes into a new folder. @throws TrimtabError `conflict` */
export async function writeExport(folder: string, files: ExportedFiles): Promise<void> {
  await absent(folder);
  for (const [name, bytes] of files) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
