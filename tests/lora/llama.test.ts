/** The decoder as a whole: gradients, packing, causality, caches, and what is refused. */
import { describe, expect, test } from 'vitest';
import type { ReferenceTensor } from '../../src/lora/backends/reference.ts';
import { referenceBackend } from '../../src/lora/backends/reference.ts';
import { wasmBackend } from '../../src/lora/backends/wasm.ts';
import type { Base } from '../../src/lora/base.ts';
import type { Body } from '../../src/lora/models/index.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import { frequencies } from '../../src/lora/models/rope.ts';
import type { Backend, Layout, Lora, ParameterBlock, Tensor } from '../../src/lora/ops.ts';
import { NO_TARGET } from '../../src/lora/ops.ts';
import { numbers, worst } from './op-cases.ts';
import { tinyLlama } from './tiny-llama.ts';

const RANK = 2;

/** LoRA on every layer, on queries, values and whatever stands alone in its group. */
function adapted<T extends Tensor>(b: Backend<T>, base: Base): { body: Body<T>; block: ParameterBlock<T>; count: number } {
  const { linears, load } = architectureOf(base);
  const parts = linears.map(({ outputs }) => outputs.map((_, i) => i).filter((i) => i !== 1));
  const count = linears.reduce((sum, { inputs, outputs }, i) => sum + parts[i]!.reduce((all, part) => all + RANK * (inputs + outputs[part]!), 0), 0);
  const block = b.parameters(count);
  let at = 0;
  const next = (rows: number, cols: number): ReturnType<typeof block.at> => {
    at += rows * cols;
    return block.at(at - rows * cols, rows, cols);
  };
  const loras = linears.map(({ inputs, outputs }, i): Lora<T> => ({
    rank: RANK,
    scale: 0.5,
    a: next(RANK * parts[i]!.length, inputs),
    parts: parts[i]!.map((part) => ({ column: outputs.slice(0, part).reduce((sum, width) => sum + width, 0), b: next(outputs[part]!, RANK) })),
  }));
  return { body: load(b, base, { loras, adjust: (_, weight) => weight, backward: true, output: true }), block, count };
}

const LENGTHS = [5, 1, 9];

interface Batch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly layout: Layout;
}

function batchOf(rows: readonly (readonly number[])[]): Batch {
  const starts = rows.reduce((all, row) => Int32Array.from([...all, all.at(-1)! + row.length]), Int32Array.from([0]));
  return { tokens: Int32Array.from(rows.flat()), positions: Int32Array.from(rows.flatMap((row) => [...row.keys()])), layout: { starts } };
}

const ROWS = LENGTHS.map((length, i) => Array.from({ length }, (_, j) => (i * 17 + j * 7 + 3) % 50));

/** Loss over the vocabulary of all tokens but a prompt of two, and the adapter's gradient. */
function learn<T extends Tensor>(b: Backend<T>, { body, block, count }: ReturnType<typeof adapted<T>>, { tokens, positions, layout }: Batch, at: Float64Array): { loss: number; gradient: Float64Array } {
  block.write(at);
  block.clearGradients();
  const targets = tokens.map((_, i) => (positions[i]! < 2 || positions[i + 1] === 0 || i + 1 === tokens.length ? NO_TARGET : tokens[i + 1]!));
  const weights = Float64Array.from(targets, (_, i) => 0.1 + (i % 3) * 0.1);
  const loss = b.step(() => {
    const { hidden, saved } = body.forward(tokens, positions, layout);
    const { perRow, dx } = b.vocabularyLoss(hidden, body.output!, targets, weights);
    body.backward(saved, dx!, layout);
    return perRow.reduce((sum, one, i) => sum + one * weights[i]!, 0);
  });
  const gradient = new Float64Array(count);
  block.read(gradient);
  return { loss, gradient };
}

function hiddenOf<T extends Tensor>(b: Backend<T>, body: Body<T>, { tokens, positions, layout }: Batch): Float64Array {
  return b.step(() => Float64Array.from(b.read(body.forward(tokens, positions, layout).hidden)));
}

const KINDS: readonly (readonly [string, Base])[] = [
  ['llama', tinyLlama()],
  ['llama with biases, tied', tinyLlama({ biased: true, tied: true })],
  ['mistral', tinyLlama({ type: 'mistral' })],
  ['qwen2', tinyLlama({ type: 'qwen2', tied: true })],
  ['qwen3', tinyLlama({ type: 'qwen3', width: 16 })],
];

describe.each(KINDS)('%s', (_, base) => {
  const batch = batchOf(ROWS);
  const at = numbers(adapted(referenceBackend(), base).count, 3, 0.3);

  test('gradients of the reference backend agree with finite differences', () => {
    const b = referenceBackend();
    const model = adapted(b, base);
    const { gradient } = learn(b, model, batch, at);
    for (let k = 0; k < 24; k += 1) {
      const i = Math.floor(((k + 0.5) * at.length) / 24);
      const [up, down] = [at.slice(), at.slice()];
      up[i]! += 1e-5;
      down[i]! -= 1e-5;
      expect(gradient[i]).toBeCloseTo((learn(b, model, batch, up).loss - learn(b, model, batch, down).loss) / 2e-5, 7);
    }
  });

  test('wasm agrees with the reference backend, step after step, and leaves nothing behind', () => {
    const [oracle, b] = [referenceBackend(), wasmBackend()];
    const [right, model] = [learn(oracle, adapted(oracle, base), batch, at), adapted(b, base)];
    const alive = b.liveTensors();
    for (let step = 0; step < 2; step += 1) {
      const found = learn(b, model, batch, at);
      expect(found.loss).toBeCloseTo(right.loss, 5);
      expect(worst(found.gradient, right.gradient)).toBeLessThan(1e-5);
      expect(b.liveTensors()).toBe(alive);
    }
  });

  test('a packed sequence is what it is alone, and a later token changes no bit of an earlier one', () => {
    const b = wasmBackend();
    const { body, block } = adapted(b, base);
    block.write(at);
    const together = hiddenOf(b, body, batch);
    ROWS.forEach((row, i) => expect(worst(hiddenOf(b, body, batchOf([row])), together.subarray(batch.layout.starts[i]! * 16, batch.layout.starts[i + 1]! * 16))).toBeLessThan(1e-6));
    const changed = ROWS.map((row) => row.with(-1, 49));
    const after = hiddenOf(b, body, batchOf(changed));
    ROWS.forEach((row, i) => {
      const start = batch.layout.starts[i]! * 16;
      const end = start + (row.length - 1) * 16;
      expect(after.subarray(start, end)).toEqual(together.subarray(start, end));
      expect(after.subarray(end, end + 16)).not.toEqual(together.subarray(end, end + 16));
    });
  });

  test.each([['reference', referenceBackend], ['wasm', wasmBackend]] as const)('%s: with caches, several sequences at once, hidden states are those without', (_name, create) => {
    const b = create() as Backend<ReferenceTensor>;
    const { body } = adapted(b, base);
    const right = hiddenOf(b, body, batch);
    b.step(() => {
      const caches = ROWS.map((row) => body.decoder!.start(row.length));
      const found = ROWS.map((): number[] => []);
      // The first sequence starts with three tokens at once, the others with one.
      for (let round = 0, done = ROWS.map(() => 0); done.some((count, i) => count < ROWS[i]!.length); round += 1) {
        const parts = ROWS.map((row, i) => row.slice(done[i]!, done[i]! + (round === 0 && i === 0 ? 3 : 1)));
        const { tokens, layout } = batchOf(parts);
        const positions = Int32Array.from(parts.flatMap((part, i) => part.map((_token, j) => done[i]! + j)));
        const hidden = b.read(body.decoder!.forward(tokens, positions, layout, caches));
        parts.forEach((part, i) => found[i]!.push(...hidden.subarray(layout.starts[i]! * 16, layout.starts[i]! * 16 + part.length * 16)));
        done = done.map((count, i) => count + parts[i]!.length);
      }
      expect(worst(found.flat(), right)).toBeLessThan(2e-6);
    });
  });
});

describe('what config.json says', () => {
  const configured = (config: Readonly<Record<string, unknown>>): ReturnType<typeof architectureOf> => architectureOf(tinyLlama({}, config));

  test.each([
    [{ model_type: 'gpt2' }, /model_type "gpt2"; one of bert, llama, mistral, qwen2, qwen3/],
    [{ hidden_act: 'gelu' }, /hidden_act "gelu"; "silu"/],
    [{ rope_scaling: { rope_type: 'yarn', factor: 4 } }, /rope_type "yarn"; one of default, linear, llama3/],
    [{ rope_scaling: { rope_type: 'linear' } }, /factor undefined for rope_type "linear"/],
    [{ num_key_value_heads: 3 }, /num_attention_heads 4 is not a multiple of num_key_value_heads 3/],
    [{ head_dim: 12 }, /heads are 12 wide; a multiple of 8/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor 0.5/],
    [{ residual_multiplier: 0.22 }, /residual_multiplier 0.22; only options that this engine can run/],
    [{ quantization_config: { quant_method: 'gptq' } }, /quantization_config/],
    [{ model_type: 'qwen2', mlp_bias: true }, /mlp_bias true/],
  ])('%j is refused', (config, message) => {
    expect(() => configured(config)).toThrow(message);
  });

  test('a sliding window bounds the sequences, where the model has one', () => {
    expect(configured({}).positions).toBe(64);
    expect(configured({ model_type: 'mistral', sliding_window: 32 }).positions).toBe(32);
    expect(configured({ model_type: 'qwen2', sliding_window: 32, use_sliding_window: false }).positions).toBe(64);
    expect(configured({ model_type: 'qwen2', sliding_window: 32, use_sliding_window: true, max_window_layers: 1 }).positions).toBe(32);
  });

  test('both spellings of rotary scaling are read', () => {
    expect(() => configured({ rope_theta: undefined, rope_parameters: { rope_type: 'default', rope_theta: 500 } })).not.toThrow();
    expect(() => configured({ rope_scaling: { type: 'linear', factor: 2 } })).not.toThrow();
  });

  test('tensors that have no place, and tokens and positions beyond the tables, are refused', () => {
    const base = tinyLlama();
    const load = (changed: Base): Body<ReferenceTensor> => architectureOf(changed).load(referenceBackend(), changed, { loras: [], adjust: (_, weight) => weight, backward: false, output: false });
    const some = base.tensors.get('model.norm.weight')!;
    expect(() => load({ ...base, tensors: new Map([...base.tensors, ['model.layers.0.self_attn.q_proj.bias', some]]) })).toThrow(/q_proj.bias" has no place/);
    const body = load(base);
    expect(body.output).toBeNull();
    const run = (token: number, position: number): unknown => body.forward(Int32Array.of(token), Int32Array.of(position), { starts: Int32Array.of(0, 1) });
    expect(() => run(50, 0)).toThrow(/token 50; tokens below its vocabulary of 50/);
    expect(() => run(0, 64)).toThrow(/position 64; at most 64 tokens/);
  });
});

test('frequencies of Llama 3.1, as transformers computes them', () => {
  const llama3 = { kind: 'llama3', theta: 500_000, factor: 8, lowFactor: 1, highFactor: 4, oldPositions: 8192 } as const;
  const found = frequencies(llama3, 128);
  // transformers 5.24: ROPE_INIT_FUNCTIONS['llama3'](config, 'cpu')[0]
  const golden = [[0, 1], [1, 0.8146172165870667], [20, 0.016560440883040428], [28, 0.0032114461064338684], [30, 0.0013718936825171113], [32, 0.0005248460220173001], [36, 7.784655463183299e-5], [40, 3.428102354519069e-5], [63, 3.068925877869333e-7]] as const;
  for (const [i, right] of golden) expect(found[i]! / right).toBeCloseTo(1, 6);
});
