/**
 * An adapter as an MLflow model: MLmodel, what it needs, and a loader (trimtab_mlflow.py) beside the Hugging Face folder. `mlflow.pyfunc.load_model(FOLDER)` answers
 * with it, and a registry takes the folder as the source of a version.
 */
import { readFile } from 'node:fs/promises';
import { TrimtabError } from '../../errors.ts';
import { parseHeader, refuseAdapter, ADAPTER_FILES } from '../../lora/adapter-files.ts';
import type { HeadKind } from '../../lora/models/index.ts';
import { bytesOf, type ExportedFiles } from './hugging-face.ts';

const LOADER = 'trimtab_mlflow';
const PYTHON = '3.11';
/** What the loader imports; the versions under which tests/peft holds it to the engine's own answers. */
const REQUIREMENTS = ['mlflow-skinny>=3', 'pandas>=2', 'peft>=0.18', 'torch>=2.6', 'transformers>=5'];

type Column = readonly [name: string, type: 'string' | 'double'];
const TEXT: Column = ['text', 'string'];
const CONFIDENCE: Column = ['confidence', 'double'];
/** What the loader answers, by head. Spans depend on how words are found in a text, which the loader does not do. */
const OUTPUTS: Readonly<Record<Exclude<HeadKind, 'tokens'>, readonly Column[]>> = {
  sequence: [['label', 'string'], CONFIDENCE], multilabel: [['labels', 'string'], CONFIDENCE], pooled: [['vector', 'string']], vocabulary: [['output', 'string'], CONFIDENCE],
};

/** `hub`: the adapter's Hugging Face folder. @throws TrimtabError `bad-request` for an extraction */
export async function mlflowModel(id: string, hub: ExportedFiles, madeAt: Date): Promise<ExportedFiles> {
  const at = (name: string) => hub.get(name) ?? new Uint8Array();
  const { kind } = parseHeader({ config: at(ADAPTER_FILES.config), weights: at(ADAPTER_FILES.weights), extra: { [ADAPTER_FILES.trimtab]: at(ADAPTER_FILES.trimtab) } }, refuseAdapter(id));
  if (kind === 'tokens') throw new TrimtabError('bad-request', { what: '--format mlflow', problem: 'it has no form for the spans of an extraction', right: 'export a Hugging Face folder' });
  const columns = (list: readonly Column[]) => JSON.stringify(list.map(([name, type]) => ({ name, type, required: true })));
  const mlmodel = {
    flavors: { python_function: { code: 'code', data: 'adapter', env: { virtualenv: 'python_env.yaml' }, loader_module: LOADER, python_version: PYTHON } },
    metadata: { trimtab_adapter: id },
    model_uuid: id,
    signature: { inputs: columns([TEXT]), outputs: columns(OUTPUTS[kind]), params: null },
    utc_time_created: madeAt.toISOString().replace('T', ' ').replace('Z', '000'),
  };
  return new Map([
    // JSON is YAML
    ['MLmodel', bytesOf(`${JSON.stringify(mlmodel, null, 2)}\n`)],
    ['requirements.txt', bytesOf(`${REQUIREMENTS.join('\n')}\n`)],
    ['python_env.yaml', bytesOf(`python: "${PYTHON}"\nbuild_dependencies: [pip]\ndependencies: ["-r requirements.txt"]\n`)],
    [`code/${LOADER}.py`, await readFile(new URL(`./${LOADER}.py`, import.meta.url))],
    ...[...hub].map(([name, bytes]) => [name === 'README.md' ? name : `adapter/${name}`, bytes] as const),
  ]);
}
