/**
 * Builds an engine: PyPI's TensorFlow with the binding of @tensorflow/tfjs-node compiled against it. As npm publishes it the binding
 * brings a TensorFlow of 2022 that no current GPU runs; its sources are plain N-API over TensorFlow's C API and fit today's.
 *
 * All work happens in a folder beside the result, which appears by one rename.
 */
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TrimtabError } from '../../errors.ts';
import { tensorflowBackend } from '../../lora/backends/tensorflow/index.ts';
import type { EngineKind } from '../../lora/backends/tensorflow/find.ts';
import { BINDING, engineFolder, MANIFEST, RELEASE } from '../../lora/backends/tensorflow/find.ts';
import type { NpmPackage, Wheel } from './sources.ts';
import { CUDA, NODE_HEADERS, TENSORFLOW, TFJS_NODE, WHEEL_PLATFORM } from './sources.ts';
import { requireTools, runTool } from './tools.ts';

const NATIVE = path.resolve(import.meta.dirname, '../../lora/backends/tensorflow/native');
/** Additions to the binding: functions, kernels for a CPU, and tensors on their way to a GPU and back. */
const OURS = ['functions.cc', 'kernels.h', 'kernels.cc', 'attention.cc', 'staging.h', 'staging.cc'] as const;
/** Loops become vectors: none of ours asks for errno or for floating-point traps. Sums keep their order unless a loop says otherwise. */
const FAST = ['-O3', '-fopenmp-simd', '-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast'] as const;
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

export interface InstallOptions {
  readonly dir: string;
  readonly kind: EngineKind;
  readonly say: (line: string) => void;
}

/** Returns the engine's folder. @throws TrimtabError `bad-config` that names the step and what would be right */
export async function installEngine({ dir, kind, say }: InstallOptions): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new TrimtabError('bad-config', { problems: `engine install: it is prepared for Linux on x86-64, and this is ${process.platform} on ${process.arch}; the wasm backend runs here without it` });
  }
  await requireTools();
  await mkdir(dir, { recursive: true });
  const work = await mkdtemp(path.join(dir, '.building-'));
  try {
    say(`TensorFlow ${RELEASE} (${TENSORFLOW[kind].project}): downloading`);
    await unpackWheel(work, await downloadWheel(work, TENSORFLOW[kind]));
    if (kind === 'gpu') {
      say('CUDA 12: downloading');
      // TensorFlow looks for them in nvidia/ beside its own folder.
      await pip(work, ['install', '--no-warn-conflicts', '--target', path.join(work, 'engine')], CUDA);
    }
    const [binding, headers] = [await unpackNpm(work, TFJS_NODE), await unpackNpm(work, NODE_HEADERS)];
    say('the binding: compiling');
    await compile(work, path.join(binding, 'binding'), path.join(headers, 'include'));
    const built = path.join(work, 'engine');
    say('one product: testing');
    const device = tryOut(path.join(built, BINDING));
    await writeFile(path.join(built, MANIFEST), `${JSON.stringify({ release: RELEASE, kind, wheels: [TENSORFLOW[kind], ...(kind === 'gpu' ? CUDA : [])], packages: [TFJS_NODE, NODE_HEADERS] }, null, 2)}\n`);
    const folder = engineFolder(dir, kind);
    await rm(folder, { recursive: true, force: true });
    await rename(built, folder);
    say(`installed in ${folder}, running on ${device}`);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** pip, so that a configured index is used; it checks the digests. */
async function pip(work: string, command: readonly string[], wheels: readonly Wheel[]): Promise<void> {
  const list = path.join(work, 'requirements.txt');
  await writeFile(list, wheels.map(({ project, version, sha256 }) => `${project}==${version} --hash=sha256:${sha256}\n`).join(''));
  await runTool('python3', ['-m', 'pip', ...command, '-q', '--no-deps', '--only-binary=:all:', '--require-hashes', ...WHEEL_PLATFORM, '-r', list], work);
}

async function downloadWheel(work: string, wheel: Wheel): Promise<string> {
  const folder = path.join(work, 'wheels');
  await pip(work, ['download', '-d', folder], [wheel]);
  const [file] = await readdir(folder);
  return path.join(folder, file!);
}

const EXTRACT = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith('tensorflow/include/') or name in sys.argv[3:]:
            wheel.extract(name, sys.argv[2])
`;

/** The two libraries, stripped, into engine/tensorflow; the headers stay in the working folder. */
async function unpackWheel(work: string, wheel: string): Promise<void> {
  const [from, to] = [path.join(work, 'wheel'), path.join(work, 'engine', 'tensorflow')];
  await runTool('python3', ['-c', EXTRACT, wheel, from, ...LIBRARIES.map((name) => `tensorflow/${name}`)], work);
  await rm(wheel);
  await mkdir(to, { recursive: true });
  for (const name of LIBRARIES) await runTool('strip', ['--strip-all', '-o', path.join(to, name), path.join(from, 'tensorflow', name)], work);
}

/** npm, for the same reason; its scripts do not run. */
async function unpackNpm(work: string, { name, version, integrity }: NpmPackage): Promise<string> {
  const file = (await runTool('npm', ['pack', '--silent', '--ignore-scripts', `${name}@${version}`], work)).trim().split('\n').at(-1)!;
  const found = `sha512-${createHash('sha512').update(await readFile(path.join(work, file))).digest('base64')}`;
  if (found !== integrity) throw new TrimtabError('bad-config', { problems: `engine install: ${name}@${version} has the digest ${found}; it should have ${integrity}` });
  const folder = path.join(work, `npm-${path.basename(name)}`);
  await mkdir(folder);
  await runTool('tar', ['-xzf', file, '--strip-components=1', '-C', folder], work);
  return folder;
}

async function compile(work: string, sources: string, nodeHeaders: string): Promise<void> {
  const folder = path.join(work, 'source');
  await cp(sources, path.join(folder, 'binding'), { recursive: true });
  await runTool('patch', ['-s', '-p1', '-i', path.join(NATIVE, 'tfjs-node.patch')], folder);
  for (const name of OURS) await copyFile(path.join(NATIVE, name), path.join(folder, 'binding', name));
  const units = ['tfjs_backend.cc', 'tfjs_binding.cc', ...OURS.filter((name) => name.endsWith('.cc'))].map((name) => path.join(folder, 'binding', name));
  const libraries = LIBRARIES.map((name) => path.join(work, 'engine', 'tensorflow', name));
  const include = ['-I', nodeHeaders, '-I', path.join(work, 'wheel', 'tensorflow', 'include')];
  // nodelete: Node closes an addon when the last thread that loaded it ends, and TensorFlow's own threads would go on without their code.
  await runTool('g++', ['-std=c++17', ...FAST, '-fPIC', '-shared', '-DNAPI_VERSION=8', ...include, ...units, '-o', path.join(work, 'engine', BINDING), ...libraries, '-Wl,-rpath,$ORIGIN', '-Wl,-z,nodelete'], work);
}

/** [1 2; 3 4] times its own transpose. Returns the device. */
function tryOut(file: string): string {
  const b = tensorflowBackend({ file, compileCache: null, cudaDir: null, exact: true });
  const values = b.step(() => {
    const x = b.constant(Float32Array.of(1, 2, 3, 4), 2, 2);
    return [...b.read(b.linear(x, { frozen: b.freeze(Float32Array.of(1, 2, 3, 4), null, 2, 2, false), lora: null }).y)];
  });
  b.dispose();
  if (values.join() !== '5,11,11,25') throw new TrimtabError('bad-config', { problems: `engine install: a product came out as ${values.join(' ')}; 5 11 11 25 would be right` });
  return b.gpu ? 'the GPU' : 'the CPU';
}
