/** Whether TensorFlow uses the GPU, and how long it takes to load: node bench/gpu/check.mjs BINDING */
import { createRequire } from 'node:module';

const began = performance.now();
const binding = createRequire(import.meta.url)(process.argv[2]);
const gpu = binding.isUsingGpuDevice();
console.log(JSON.stringify({ tensorflow: binding.TF_Version, gpu, milliseconds: Math.round(performance.now() - began) }));
process.exitCode = gpu ? 0 : 1;
