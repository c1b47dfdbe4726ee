/** What an engine is made of, each with its digest: another file under the same name is refused. */
import type { EngineKind } from '../../lora/backends/tensorflow/find.ts';
import { RELEASE } from '../../lora/backends/tensorflow/find.ts';

export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
}

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: sha512-, base64. */
  readonly integrity: string;
}

/** Wheels of Linux on x86-64. The libraries in a wheel are the same for every Python, so one is chosen for good. */
export const WHEEL_PLATFORM = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', 'manylinux_2_27_x86_64'] as const;

export const TENSORFLOW: Readonly<Record<EngineKind, Wheel>> = {
  cpu: { project: 'tensorflow-cpu', version: RELEASE, sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c' },
  gpu: { project: 'tensorflow', version: RELEASE, sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124' },
};

/** The binding's sources, the same in tfjs-node and tfjs-node-gpu: the library that is linked makes the difference. */
export const TFJS_NODE: NpmPackage = {
  name: '@tensorflow/tfjs-node',
  version: '4.22.0',
  integrity: 'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
};

export const NODE_HEADERS: NpmPackage = {
  name: 'node-api-headers',
  version: '1.9.0',
  integrity: 'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
};
