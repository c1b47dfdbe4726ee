/**
 * From utterances to an adapter: all of a training split, three epochs, mini-encoder, r 16. One line of JSON.
 *
 *   node bench/gpu/classify.ts BINDING UTTERANCES.tsv [--products bfloat16|float32] [--compile xla|off] [--batch 64] [--epochs 3] [--rows 10000] [--cuda DIR] [--cache DIR]
 *
 * UTTERANCES.tsv has text, label and split (train, test). The time runs from the start of the process (TensorFlow's libraries, the base, the
 * tokenizer) to the adapter's numbers; the accuracy on the test rows comes afterwards.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { planAdapter, initialValues } from '../../src/lora/adapter.ts';
import type { Compile } from '../../src/lora/backends/tensorflow/call.ts';
import { tensorflowBackend } from '../../src/lora/backends/tensorflow/index.ts';
import { createTensorflowTeam } from '../../src/lora/backends/tensorflow/team.ts';
import { readBase } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import { decide } from '../../src/lora/heads/sequence.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import { autoRate } from '../../src/lora/rate.ts';
import { loadTokenizer } from '../../src/lora/tokenizer.ts';
import { stepsOf, train } from '../../src/lora/train.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    products: { type: 'string', default: 'bfloat16' },
    compile: { type: 'string', default: 'xla' },
    batch: { type: 'string', default: '64' },
    epochs: { type: 'string', default: '3' },
    rows: { type: 'string', default: '10000' },
    cuda: { type: 'string' },
    cache: { type: 'string' },
  },
});
const [file, utterances] = positionals;
const BASE = path.resolve(import.meta.dirname, '../../models/mini-encoder');

const marks: Record<string, number> = {};
const mark = (name: string): void => void (marks[name] = Math.round(performance.now()) / 1000);

const read = readFileSync(utterances!, 'utf8').trim().split('\n').map((line) => line.split('\t') as [text: string, label: string, split: string]);
const labels = [...new Set(read.map(([, label]) => label))].sort();
const tokenizer = await loadTokenizer(BASE);
const encode = ([text, label]: readonly [string, string, string]): EncodedRow => ({ tokens: tokenizer.encode(text, 64).tokens, targets: Int32Array.of(labels.indexOf(label)), weight: 1 });
// A split smaller than asked for begins again.
const split = read.filter(([, , name]) => name === 'train').map(encode);
const rows = Array.from({ length: Number(values.rows) }, (_, i) => split[i % split.length]!);
mark('encoded');

const options = { file: file!, compileCache: values.cache ?? null, cudaDir: values.cuda ?? null, exact: values.products === 'float32', products: values.products as 'float32', compile: values.compile as Compile };
const backend = tensorflowBackend(options);
mark('loaded');
const base = await readBase(BASE, null);
const plan = planAdapter(architectureOf(base), { kind: 'sequence', outputs: labels.length, pooling: 'mean' }, { r: 16, alpha: 32, targets: 'all-linear' });
const team = await createTensorflowTeam({ ...options, backend, base, plan, use: 'train', values: initialValues(plan, 1) });
const settings = { epochs: Number(values.epochs), batchSize: Number(values.batch), warmup: 0.1, schedule: 'cosine', seed: 1 } as const;
const steps = stepsOf(rows.length, settings);
const outcome = await train(team, rows, { ...settings, learningRate: autoRate(steps, false, plan.hidden) }, { onStep: ({ step }) => step === 1 && mark('firstStep') });
void team.values;
mark('trained');

const test = read.filter(([, , name]) => name === 'test').map(encode);
const right = (await team.outputs(test)).filter((logits, i) => decide(logits, 0, labels.length).best === test[i]!.targets[0]).length;
mark('tested');
console.log(JSON.stringify({ classification: 'mini-encoder', device: backend.name, ...values, rows: rows.length, steps, finalLoss: outcome.finalLoss, accuracy: right / test.length, seconds: marks }));
await team.close();
