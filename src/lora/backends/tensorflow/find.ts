/** Engines that `engine install` left in a folder. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** TensorFlow's release; with another one comes another folder. */
export const RELEASE = '2.21.0';
export const ENGINE_KINDS = ['gpu', 'cpu'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

export interface Engine {
  readonly kind: EngineKind;
  readonly folder: string;
  /** tfjs-node's binding, linked to TensorFlow. */
  readonly file: string;
  /** What XLA needs of a CUDA toolkit, when the engine brought it. */
  readonly cudaDir: string | null;
}

export const engineFolder = (dir: string, kind: EngineKind): string => path.join(dir, `${RELEASE}-${kind}`);
/** Written last, so a folder that has it is whole. */
export const MANIFEST = 'engine.json';
export const BINDING = path.join('tensorflow', 'tfjs_binding.node');
const TOOLKIT = path.join('nvidia', 'cuda_nvcc');

/** There while the NVIDIA driver is loaded. */
export const DRIVER = '/proc/driver/nvidia/version';

/** Those that are whole and of this release; the GPU's first where there is one. */
export function findEngines(dir: string, gpu = existsSync(DRIVER)): Engine[] {
  return (gpu ? ENGINE_KINDS : ENGINE_KINDS.toReversed()).flatMap((kind) => {
    const folder = engineFolder(dir, kind);
    if (!isWhole(folder)) return [];
    const toolkit = path.join(folder, TOOLKIT);
    return [{ kind, folder, file: path.join(folder, BINDING), cudaDir: existsSync(toolkit) ? toolkit : null }];
  });
}

function isWhole(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(path.join(folder, MANIFEST), 'utf8')) as { release?: string }).release === RELEASE;
  } catch {
    return false;
  }
}
