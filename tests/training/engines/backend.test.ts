import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseBackend, compileCacheOf } from '../../../src/training/engines/tfjs/backend.ts';
import { backend, engine } from '../../tensorflow/engine.ts';

describe('the choice of a backend', () => {
  test('is wasm where nothing is installed, and says why', () => {
    expect(chooseBackend({ backend: 'auto', workers: 1, engineDir: null, compileDir: null })).toMatchObject({ name: 'wasm', why: 'TensorFlow is not installed; wasm needs nothing' });
    expect(chooseBackend({ backend: 'wasm', workers: 1, engineDir: null, compileDir: null })).toMatchObject({ name: 'wasm', why: 'the job asks for it' });
  });

  test('refuses what a job asks for and nobody installed', async () => {
    const engineDir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-engines-'));
    expect(() => chooseBackend({ backend: 'tensorflow', workers: 1, engineDir, compileDir: null })).toThrow(/TensorFlow is not installed.*engine install/s);
  });

  test('keeps what is compiled beside the engine, or where the job says when that cannot be written', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'trimtab-2.0.0-gpu-'));
    expect(compileCacheOf(folder, '/data/compiled')).toBe(path.join(folder, 'compiled'));
    // one that may not be written cannot be made where tests run as root: one that is not there is refused by the same question
    const sealed = path.join(folder, '2.0.0-gpu');
    expect(compileCacheOf(sealed, '/data/compiled')).toBe('/data/compiled/2.0.0-gpu');
    expect(compileCacheOf(sealed, null)).toBeNull();
  });

  test.skipIf(engine === null)('takes an installed TensorFlow when asked, and by itself where it has kernels for a CPU', () => {
    const engineDir = path.dirname(engine!.folder);
    const b = backend({ exact: false });
    const own = chooseBackend({ backend: 'auto', workers: 1, engineDir, compileDir: null });
    expect(own.name).toBe(b.gpu || b.kernels ? 'tensorflow' : 'wasm');
    expect(own.why).toContain(b.gpu ? 'on a GPU' : b.kernels ? 'by our kernels' : 'without these kernels for a CPU');
    b.dispose();
    expect(chooseBackend({ backend: 'tensorflow', workers: 1, engineDir, compileDir: null })).toMatchObject({ name: 'tensorflow' });
    // Members of their own where the binding allows several in a process; otherwise the workers are threads of one.
    expect(chooseBackend({ backend: 'tensorflow', workers: 3, engineDir, compileDir: null }).members).toBe(engine!.kind === 'cpu' && b.threadSafe ? 3 : 1);
    expect(chooseBackend({ backend: 'wasm', workers: 3, engineDir, compileDir: null }).members).toBe(3);
  });
});
