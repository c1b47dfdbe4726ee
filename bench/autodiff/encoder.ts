/** The same BERT classifier with LoRA on all linear layers, written as one writes it with TensorFlow.js: padded batches, tf.variableGrads, Adam. */
import type { Plan } from '../../src/lora/adapter.ts';
import type { Base } from '../../src/lora/base.ts';
import { readWeights } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import type { Tensor, Tfjs, Variable } from './tfjs.ts';

export interface Autodiff {
  /** One step of Adam on the mean loss; the loss before it, and the length of the gradient. */
  step(rows: readonly EncodedRow[]): { readonly loss: number; readonly norm: number };
  dispose(): void;
}

interface Frozen {
  /** [inputs, outputs] */
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly a: Variable;
  readonly b: Variable;
}

/** Hides padding from attention. */
const MASKED = -1e9;

/** `values`: the adapter's numbers, where the plan says. */
export function autodiffEncoder(tf: Tfjs, base: Base, plan: Plan, values: Float32Array, rate: number): Autodiff {
  const size = (name: string) => base.config[name] as number;
  const [d, m, heads, layers, epsilon] = [size('hidden_size'), size('intermediate_size'), size('num_attention_heads'), size('num_hidden_layers'), size('layer_norm_eps')];
  const width = d / heads;
  const weights = readWeights(base, 'embeddings.word_embeddings.weight');
  const held: { dispose(): void }[] = [];
  const keep = <T extends { dispose(): void }>(tensor: T): T => (held.push(tensor), tensor);
  const stored = (name: string, ...shape: number[]) => keep(tf.tensor(Float32Array.from(weights.take(name, ...shape).values), shape));
  const variables = new Map([...plan.slots.values()].map(({ key, rows, cols, offset }) => [key, keep(tf.variable(tf.tensor(values.slice(offset, offset + rows * cols), [rows, cols])))]));
  const variable = (ending: string): Variable => [...variables].find(([key]) => key.endsWith(ending))![1];

  const frozen = (name: string, inputs: number, outputs: number): Frozen => ({
    weight: keep(tf.transpose(stored(`${name}.weight`, outputs, inputs), [1, 0])),
    bias: stored(`${name}.bias`, outputs),
    a: variable(`${name}.lora_A.weight`),
    b: variable(`${name}.lora_B.weight`),
  });
  const norm = (name: string) => ({ weight: stored(`${name}.weight`, d), bias: stored(`${name}.bias`, d) });
  const words = stored('embeddings.word_embeddings.weight', size('vocab_size'), d);
  const places = stored('embeddings.position_embeddings.weight', size('max_position_embeddings'), d);
  const types = stored('embeddings.token_type_embeddings.weight', size('type_vocab_size'), d);
  const first = norm('embeddings.LayerNorm');
  const stack = Array.from({ length: layers }, (_, i) => `encoder.layer.${i}`).map((name) => ({
    query: frozen(`${name}.attention.self.query`, d, d), key: frozen(`${name}.attention.self.key`, d, d), value: frozen(`${name}.attention.self.value`, d, d),
    projection: frozen(`${name}.attention.output.dense`, d, d), attentionNorm: norm(`${name}.attention.output.LayerNorm`),
    wide: frozen(`${name}.intermediate.dense`, d, m), narrow: frozen(`${name}.output.dense`, m, d), outputNorm: norm(`${name}.output.LayerNorm`),
  }));
  const [classifier, classifierBias] = [variable('classifier.weight'), variable('classifier.bias')];
  const optimizer = tf.train.adam(rate);

  const linear = (x: Tensor, { weight, bias, a, b }: Frozen) =>
    tf.add(tf.add(tf.matMul(x, weight), bias), tf.mul(plan.scale, tf.matMul(tf.matMul(x, a, false, true), b, false, true)));
  const layerNorm = (x: Tensor, { weight, bias }: ReturnType<typeof norm>) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))), weight), bias);
  };
  const gelu = (x: Tensor) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1));

  const lossOf = (rows: readonly EncodedRow[]): Tensor => {
    const [n, length] = [rows.length, Math.max(...rows.map(({ tokens }) => tokens.length))];
    const ids = Int32Array.from({ length: n * length }, (_, i) => rows[Math.floor(i / length)]!.tokens[i % length] ?? 0);
    const mask = tf.tensor(Float32Array.from({ length: n * length }, (_, i) => (i % length < rows[Math.floor(i / length)]!.tokens.length ? 0 : MASKED)), [n, 1, 1, length]);
    const split = (x: Tensor) => tf.transpose(tf.reshape(x, [n, length, heads, width]), [0, 2, 1, 3]);
    const positions = tf.gather(places, tf.tensor(Int32Array.from({ length: n * length }, (_, i) => i % length), [n * length], 'int32'));
    let x = layerNorm(tf.add(tf.add(tf.gather(words, tf.tensor(ids, [n * length], 'int32')), positions), tf.slice(types, [0, 0], [1, d])), first);
    for (const layer of stack) {
      const scores = tf.add(tf.mul(tf.matMul(split(linear(x, layer.query)), split(linear(x, layer.key)), false, true), 1 / Math.sqrt(width)), mask);
      const context = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), split(linear(x, layer.value))), [0, 2, 1, 3]), [n * length, d]);
      const middle = layerNorm(tf.add(linear(context, layer.projection), x), layer.attentionNorm);
      x = layerNorm(tf.add(linear(gelu(linear(middle, layer.wide)), layer.narrow), middle), layer.outputNorm);
    }
    const pooled = tf.squeeze(tf.slice(tf.reshape(x, [n, length, d]), [0, 0, 0], [n, 1, d]), [1]);
    const logits = tf.add(tf.matMul(pooled, classifier, false, true), classifierBias);
    const targets = tf.oneHot(tf.tensor(Int32Array.from(rows, ({ targets: [target] }) => target!), [n], 'int32'), plan.outputs);
    return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1)));
  };

  return {
    step: (rows) => tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => lossOf(rows), [...variables.values()]);
      const squares = Object.values(grads).reduce((sum, grad) => grad.dataSync().reduce((all, each) => all + each * each, sum), 0);
      optimizer.applyGradients(grads);
      return { loss: value.dataSync()[0]!, norm: Math.sqrt(squares) };
    }),
    dispose: () => held.forEach((tensor) => tensor.dispose()),
  };
}
