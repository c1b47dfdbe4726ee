/**
 * `node bench/memory.ts [--json] [--only TEXT]`: peak memory of jobs as it was predicted before they started and as the operating system counted
 * it (maximum resident set), each job in a process of its own.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { planAdapter } from '../src/lora/adapter.ts';
import { outlineBase } from '../src/lora/base.ts';
import type { MemoryPrediction } from '../src/lora/memory.ts';
import { predictMemory } from '../src/lora/memory.ts';
import { architectureOf } from '../src/lora/models/index.ts';
import { normal, random } from '../src/lora/random.ts';
import type { FloatTensor } from '../src/lora/safetensors.ts';
import { writeSafetensors } from '../src/lora/safetensors.ts';
import type { BenchRow } from './row.ts';

const ENGINE = path.join(import.meta.dirname, '../src/training/engines/tfjs/main.ts');
const ENCODER = path.join(import.meta.dirname, '../models/mini-encoder');
/** How far a prediction may be off. */
const TOLERANCE = 0.15;
const LABELS = ['play', 'book', 'ask', 'stop'];
const MIB = 2 ** 20;

interface Case {
  readonly base: 'mini-encoder' | 'llama 8M';
  readonly task: 'classification' | 'extraction';
  readonly length: number;
  readonly workers: number;
  readonly quantisation: 'none' | 'nf4';
}

const CASES: readonly Case[] = [
  ...[32, 128, 512].flatMap((length) => (['none', 'nf4'] as const).map((quantisation): Case => ({ base: 'mini-encoder', task: 'classification', length, workers: 1, quantisation }))),
  ...[32, 128, 512].map((length): Case => ({ base: 'mini-encoder', task: 'classification', length, workers: 2, quantisation: 'none' })),
  { base: 'mini-encoder', task: 'classification', length: 128, workers: 2, quantisation: 'nf4' },
  ...[32, 512].map((length): Case => ({ base: 'mini-encoder', task: 'extraction', length, workers: 1, quantisation: 'none' })),
  { base: 'mini-encoder', task: 'extraction', length: 128, workers: 2, quantisation: 'nf4' },
  ...(['none', 'nf4'] as const).map((quantisation): Case => ({ base: 'llama 8M', task: 'classification', length: 128, workers: 1, quantisation })),
  { base: 'llama 8M', task: 'classification', length: 512, workers: 2, quantisation: 'none' },
];

const nameOf = ({ base, task, length, workers, quantisation }: Case): string => `${base}, ${task}, rows of ${length} tokens, ${workers} worker${workers > 1 ? 's' : ''}${quantisation === 'nf4' ? ', nf4' : ''}`;

/** A llama of random weights with the encoder's tokenizer: memory does not ask what it has learned. */
async function writeLlama(folder: string): Promise<void> {
  const [d, m, layers, heads, kvHeads, vocabulary] = [256, 704, 8, 4, 2, 8192];
  const uniform = random(1, 'llama');
  const tensors = new Map<string, FloatTensor>();
  const add = (name: string, ...shape: number[]): void => void tensors.set(name, { shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.02 * normal(uniform)) });
  const ones = (name: string): void => void tensors.set(name, { shape: [d], values: new Float32Array(d).fill(1) });
  add('model.embed_tokens.weight', vocabulary, d);
  ones('model.norm.weight');
  for (let i = 0; i < layers; i += 1) {
    const layer = `model.layers.${i}`;
    for (const [name, outputs] of [['q', d], ['k', (d * kvHeads) / heads], ['v', (d * kvHeads) / heads], ['o', d]] as const) add(`${layer}.self_attn.${name}_proj.weight`, outputs, d);
    add(`${layer}.mlp.gate_proj.weight`, m, d);
    add(`${layer}.mlp.up_proj.weight`, m, d);
    add(`${layer}.mlp.down_proj.weight`, d, m);
    for (const name of ['input', 'post_attention']) ones(`${layer}.${name}_layernorm.weight`);
  }
  const config = {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: d, intermediate_size: m, num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kvHeads,
    vocab_size: vocabulary, max_position_embeddings: 1024, rms_norm_eps: 1e-5, rope_theta: 10_000, hidden_act: 'silu', tie_word_embeddings: true,
  };
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(path.join(folder, 'model.safetensors'), writeSafetensors(tensors)),
    writeFile(path.join(folder, 'config.json'), JSON.stringify(config)),
    ...['tokenizer.json', 'tokenizer_config.json'].map((name) => copyFile(path.join(ENCODER, name), path.join(folder, name))),
  ]);
}

/** Two steps' rows, cut off at exactly `length` tokens. */
function rowsOf({ task, length, workers }: Case): object[] {
  const batch = Math.max(2, Math.ceil(1024 / length)) * workers;
  return Array.from({ length: 2 * batch }, (_, i) => {
    const text = Array.from({ length }, (_word, j) => ['play', 'the', 'next', 'song', 'in', 'my', 'list'][(i + j) % 7]!).join(' ');
    return { id: String(i), text, ...(task === 'extraction' ? { spans: [{ start: 0, end: text.indexOf(' '), label: LABELS[i % 4]! }] } : { label: LABELS[i % 4]! }) };
  });
}

/** Writes the job, tells its memory, runs it; gives both numbers in bytes. */
async function measure(folder: string, base: string, given: Case): Promise<{ predicted: MemoryPrediction; measured: number }> {
  const { task, length, workers, quantisation } = given;
  const rows = rowsOf(given);
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const lora = { r: 16, alpha: 32, targets: 'all-linear' } as const;
  const job = {
    version: 1, id: 'bench', kind: 'train', model: 'bench', task, base: { path: base, digest: null }, initial: false, labels: LABELS, seed: 1, workers, backend: 'wasm',
    hyperparameters: { lora, epochs: 1, batchSize: rows.length / 2, learningRate: 1e-3, warmup: 0, weightDecay: 0, maxLength: length, quantisation },
  };
  await mkdir(folder, { recursive: true });
  await Promise.all([writeFile(path.join(folder, 'job.json'), JSON.stringify(job)), writeFile(path.join(folder, 'train.jsonl'), lines), writeFile(path.join(folder, 'exam.jsonl'), lines)]);
  await promisify(execFile)(process.execPath, [ENGINE, folder]);
  const outline = await outlineBase(base);
  const [kind, outputs] = task === 'extraction' ? (['tokens', 2 * LABELS.length + 1] as const) : (['sequence', LABELS.length] as const);
  const architecture = architectureOf(outline);
  const plan = planAdapter(architecture, { kind, outputs, pooling: architecture.defaultPooling, quantisation }, lora);
  const dataBytes = 2 * (await stat(path.join(folder, 'train.jsonl'))).size;
  const predicted = predictMemory({ base: outline, plan, use: 'train', workers, batchTokens: (rows.length / 2) * length, longest: length, dataBytes });
  const { peakMemoryBytes } = JSON.parse(await readFile(path.join(folder, 'result.json'), 'utf8')) as { peakMemoryBytes: number };
  return { predicted, measured: peakMemoryBytes };
}

/** One row for each job: the prediction as a share of what was measured. `onCase` sees the numbers behind it. */
export async function memoryRows(only = '', onCase: (name: string, predicted: MemoryPrediction, measured: number) => void = () => undefined): Promise<BenchRow[]> {
  const root = await mkdtemp(path.join(tmpdir(), 'memory-'));
  const rows: BenchRow[] = [];
  try {
    await writeLlama(path.join(root, 'llama'));
    for (const [i, given] of CASES.entries()) {
      const name = nameOf(given);
      if (!name.includes(only)) continue;
      const { predicted, measured } = await measure(path.join(root, String(i)), given.base === 'llama 8M' ? path.join(root, 'llama') : ENCODER, given);
      onCase(name, predicted, measured);
      const ratio = predicted.bytes / measured;
      rows.push({ name: `peak memory, predicted / measured (${Math.round(measured / MIB)} MiB): ${name}`, figure: Math.round(ratio * 1000) / 1000, unit: 'ratio', goal: '0.85 to 1.15', reached: Math.abs(ratio - 1) <= TOLERANCE });
    }
    return rows;
  } finally {
    await rm(root, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } });
  const whole = (bytes: number): string => String(Math.round(bytes / MIB)).padStart(5);
  const say = (name: string, { bytes, parts }: MemoryPrediction, measured: number): void => {
    const shares = Object.entries(parts).map(([part, size]) => `${part} ${Math.round(size / MIB)}`).join(', ');
    console.log(`${whole(bytes)} MiB predicted, ${whole(measured)} measured, ${(((bytes - measured) / measured) * 100).toFixed(1).padStart(6)} %: ${name} (${shares})`);
  };
  const rows = await memoryRows(values.only, values.json === true ? undefined : say);
  if (values.json === true) console.log(JSON.stringify(rows));
}
