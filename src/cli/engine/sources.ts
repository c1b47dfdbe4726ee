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
export const WHEEL_PLATFORM = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', 'manylinux_2_27_x86_64', '--platform', 'manylinux2014_x86_64', '--platform', 'manylinux2010_x86_64'] as const;

export const TENSORFLOW: Readonly<Record<EngineKind, Wheel>> = {
  cpu: { project: 'tensorflow-cpu', version: RELEASE, sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c' },
  gpu: { project: 'tensorflow', version: RELEASE, sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124' },
};

/** What TensorFlow opens of CUDA 12, and the assembler that XLA runs: 2.5 GB of wheels, so that a GPU machine needs its driver alone. */
export const CUDA: readonly Wheel[] = [
  { project: 'nvidia-cublas-cu12', version: '12.8.4.1', sha256: '8ac4e771d5a348c551b2a426eda6193c19aa630236b418086020df5ba9667142' },
  { project: 'nvidia-cuda-cupti-cu12', version: '12.8.90', sha256: 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182' },
  { project: 'nvidia-cuda-nvcc-cu12', version: '12.8.93', sha256: '2d6dc36fb7cb5ac9c0b8825bc13d193c35487a315664007287d0126531238011' },
  { project: 'nvidia-cuda-nvrtc-cu12', version: '12.8.93', sha256: 'a7756528852ef889772a84c6cd89d41dfa74667e24cca16bb31f8f061e3e9994' },
  { project: 'nvidia-cuda-runtime-cu12', version: '12.8.90', sha256: 'adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90' },
  { project: 'nvidia-cudnn-cu12', version: '9.10.2.21', sha256: '949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8' },
  { project: 'nvidia-cufft-cu12', version: '11.3.3.83', sha256: '4d2dd21ec0b88cf61b62e6b43564355e5222e4a3fb394cac0db101f2dd0d4f74' },
  { project: 'nvidia-curand-cu12', version: '10.3.9.90', sha256: 'b32331d4f4df5d6eefa0554c565b626c7216f87a06a4f56fab27c3b68a830ec9' },
  { project: 'nvidia-cusolver-cu12', version: '11.7.3.90', sha256: '4376c11ad263152bd50ea295c05370360776f8c3427b30991df774f9fb26c450' },
  { project: 'nvidia-cusparse-cu12', version: '12.5.8.93', sha256: '1ec05d76bbbd8b61b06a80e1eaf8cf4959c3d4ce8e711b65ebd0443bb0ebb13b' },
  { project: 'nvidia-nccl-cu12', version: '2.27.7', sha256: 'de5ba5562f08029a19cb1cd659404b18411ed0d6c90ac5f52f30bf99ad5809aa' },
  { project: 'nvidia-nvjitlink-cu12', version: '12.8.93', sha256: '81ff63371a7ebd6e6451970684f916be2eab07321b73c9d244dc2b4da7f73b88' },
];

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
