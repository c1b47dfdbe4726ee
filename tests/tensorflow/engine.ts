/** The installed engine, or null: its tests are skipped then, and say so. */
import { readConfig } from '../../src/config.ts';
import type { TensorflowBackend, TensorflowOptions } from '../../src/lora/backends/tensorflow/index.ts';
import { tensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { findEngines } from '../../src/lora/backends/tensorflow/find.ts';

export const engine = findEngines(readConfig().engineDir)[0] ?? null;

export const NOT_INSTALLED = 'no tensorflow engine: npm run cli -- engine install';

/** Full float32 unless a test asks for something else. */
export function backend(options: Partial<TensorflowOptions> = {}): TensorflowBackend {
  return tensorflowBackend({ file: engine!.file, compileCache: null, cudaDir: engine!.cudaDir, exact: true, products: 'float32', ...options });
}
