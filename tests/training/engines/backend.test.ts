import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseBackend } from '../../../src/training/engines/tfjs/backend.ts';
import { engine } from '../../tensorflow/engine.ts';

describe('the choice of a backend', () => {
  test('is wasm where nothing is installed, and says why', () => {
    expect(chooseBackend({ backend: 'auto', engineDir: null })).toMatchObject({ name: 'wasm', why: 'no TensorFlow for a GPU is installed; wasm needs nothing' });
    expect(chooseBackend({ backend: 'wasm', engineDir: null })).toMatchObject({ name: 'wasm', why: 'the job asks for it' });
  });

  test('refuses what a job asks for and nobody installed', async () => {
    const engineDir = await mkdtemp(path.join(os.tmpdir(), 'trimtab-engines-'));
    expect(() => chooseBackend({ backend: 'tensorflow', engineDir })).toThrow(/TensorFlow is not installed.*engine install/s);
  });

  test.skipIf(engine === null)('takes an installed TensorFlow on a CPU only when asked', () => {
    const engineDir = path.dirname(engine!.folder);
    expect(chooseBackend({ backend: 'tensorflow', engineDir })).toMatchObject({ name: 'tensorflow' });
  });
});
