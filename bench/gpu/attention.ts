/**
 * Attention in bfloat16 as XLA compiles it, by cuDNN's fused kernels and by our own products, against the float64 reference on the same rounded
 * numbers. One line of JSON; exit code 1 when the fused one is further off than bfloat16 explains.
 *
 *   node bench/gpu/attention.ts BINDING [--cuda DIR] [--cache DIR]
 */
import { parseArgs } from 'node:util';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { tensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import type { AttentionShape, Backend, Layout, Tensor } from '../../src/lora/ops.ts';
import { qkvColumns } from '../../src/lora/ops.ts';
import { numbers, worst } from '../../tests/lora/op-cases.ts';

/** Of the largest number: four times the last place of bfloat16. */
const LIMIT = 2 ** -6;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { cuda: { type: 'string' }, cache: { type: 'string' } } });

const layout = (single: boolean, ...starts: number[]): Layout => ({ starts: Int32Array.from(starts), width: 128, single });
/** Sequences in two bins of 128: one with its filling, which ends the second, or several. */
const LAYOUTS = { single: layout(true, 0, 128, 228, 256), several: layout(false, 0, 3, 40, 128, 201, 256) } as const;
const SHAPES: Readonly<Record<string, AttentionShape>> = {
  causal: { heads: 4, kvHeads: 4, width: 64, causal: true },
  grouped: { heads: 6, kvHeads: 2, width: 32, causal: true },
  wide: { heads: 2, kvHeads: 1, width: 128, causal: true },
  'both ways': { heads: 4, kvHeads: 4, width: 32, causal: false },
};

interface Found {
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
}

function run<T extends Tensor>(b: Backend<T>, shape: AttentionShape, layout: Layout): Found {
  const rows = layout.starts.at(-1)!;
  // Nobody asks what filling sees, and no gradient comes from it.
  const end = layout.single === true ? layout.starts.at(-2)! : rows;
  const kept = (values: Float32Array | Float64Array, cols: number): Float64Array => Float64Array.from(values).fill(0, end * cols);
  const columns = [qkvColumns(shape), shape.heads * shape.width] as const;
  return b.step(() => {
    const [x, dy] = columns.map((cols, i) => b.constant(i === 0 ? rounded(numbers(rows * cols, 1)) : kept(rounded(numbers(rows * cols, 2)), cols), rows, cols)) as [T, T];
    const { y, dx } = b.call('attention', { x, dy, layout, shape }, (given) => {
      const { y, saved } = b.attention(given.x, given.layout, given.shape);
      return { y, dx: b.attentionBackward(given.dy, saved, given.layout, given.shape) };
    });
    return { y: kept(b.read(y), columns[1]), dx: kept(b.read(dx), columns[0]) };
  });
}

/** To bfloat16. */
const rounded = (x: Float64Array): Float32Array => {
  const floats = Float32Array.from(x);
  const bits = new Uint32Array(floats.buffer);
  bits.forEach((value, i) => (bits[i] = (value + 0x7fff + ((value >>> 16) & 1)) & 0xffff0000));
  return floats;
};

const over: string[] = [];
const off: Record<string, unknown> = {};
for (const [name, shape] of Object.entries(SHAPES)) {
  for (const [bins, layout] of Object.entries(LAYOUTS)) {
    if (bins === 'single' && !shape.causal) continue;
    const right = run(referenceBackend(), shape, layout);
    const offs = Object.fromEntries(
      (['fused', 'plain'] as const).map((attention) => {
        const backend = tensorflowBackend({ file: positionals[0]!, compileCache: values.cache ?? null, cudaDir: values.cuda ?? null, exact: false, products: 'bfloat16', compile: 'xla', attention });
        const found = run(backend, shape, layout);
        backend.dispose();
        return [attention, { y: worst(found.y, right.y), dx: worst(found.dx, right.dx) }];
      }),
    );
    off[`${name}, ${bins}`] = offs;
    for (const [part, value] of Object.entries(offs['fused']!)) if (!(value < LIMIT)) over.push(`${name}, ${bins}, ${part}: ${value}`);
  }
}
console.log(JSON.stringify({ attention: over.length === 0, off, over }));
process.exitCode = over.length === 0 ? 0 : 1;
