import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { examineTensorflow, gpuText, simdText } from '../../src/cli/engine/examine.ts';
import { requireTools, runTool } from '../../src/cli/engine/tools.ts';
import { engineFolder, findEngines, MANIFEST, RELEASE } from '../../src/lora/backends/tensorflow/find.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'trimtab-engine-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function install(kind: 'cpu' | 'gpu', manifest: string): void {
  mkdirSync(engineFolder(dir, kind), { recursive: true });
  writeFileSync(path.join(engineFolder(dir, kind), MANIFEST), manifest);
}

describe('installed engines', () => {
  test('are those that are whole and of this release, the one that fits the machine first', () => {
    expect(findEngines(dir)).toEqual([]);
    install('cpu', JSON.stringify({ release: RELEASE }));
    install('gpu', JSON.stringify({ release: RELEASE }));
    expect(findEngines(dir, true).map(({ kind }) => kind)).toEqual(['gpu', 'cpu']);
    expect(findEngines(dir, false).map(({ kind }) => kind)).toEqual(['cpu', 'gpu']);
    install('gpu', JSON.stringify({ release: '2.9.1' }));
    install('cpu', 'half a fi');
    expect(findEngines(dir, true)).toEqual([]);
  });

  test('that do not load are a fault, and none at all is not', () => {
    expect(examineTensorflow([])).toMatchObject({ ok: true, detail: expect.stringContaining('engine install') });
    install('cpu', JSON.stringify({ release: RELEASE }));
    expect(examineTensorflow(findEngines(dir))).toMatchObject({ ok: false, detail: expect.stringContaining('does not load') });
  });
});

test('why a GPU is used or not', () => {
  const engines = [{ kind: 'gpu' as const, folder: '', file: '', cudaDir: null }];
  expect(gpuText({ name: null, engines, used: false, missing: [] })).toMatch(/no NVIDIA driver/);
  expect(gpuText({ name: 'H100', engines: [], used: false, missing: [] })).toMatch(/H100, not used: .*--gpu/);
  expect(gpuText({ name: 'H100', engines, used: false, missing: ['libcudnn.so.9'] })).toMatch(/does not find libcudnn.so.9/);
  expect(gpuText({ name: 'H100', engines, used: false, missing: [] })).toMatch(/CUDA_VISIBLE_DEVICES/);
  expect(gpuText({ name: 'H100', engines, used: true, missing: [] })).toBe('H100, in use');
});

test('vector instructions are those that compile', () => {
  expect(simdText()).toMatch(/^SIMD and relaxed SIMD/);
  expect(simdText((module) => !module.includes(0x85))).toMatch(/^SIMD; relaxed SIMD, which a newer Node has/);
  expect(simdText(() => false)).toMatch(/^no SIMD/);
});

describe('the tools of a build', () => {
  test('all that are missing are named at once, with how to get them', async () => {
    const tool = (name: string) => ({ name, probe: [`trimtab-no-such-${name}`] as const, get: `install ${name}` });
    await expect(requireTools([tool('one'), tool('two')])).rejects.toThrow(/one is missing: install one; two is missing: install two/);
    await expect(requireTools([{ name: 'node', probe: [process.execPath, '--version'], get: '' }])).resolves.toBeUndefined();
  });

  test('one that fails says what it wrote', async () => {
    await expect(runTool(process.execPath, ['-e', 'console.error("no room left"); process.exit(3)'], dir.replace(/[^/]+$/, ''))).rejects.toThrow(/no room left/);
  });
});
