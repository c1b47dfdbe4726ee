/** What memory is counted of: tiny models, what each kind of head learns on them, and rows of three lengths. */
import type { Plan } from '../../src/lora/adapter.ts';
import { planAdapter } from '../../src/lora/adapter.ts';
import type { Base } from '../../src/lora/base.ts';
import type { EncodedRow } from '../../src/lora/batches.ts';
import type { HeadKind } from '../../src/lora/models/index.ts';
import { architectureOf } from '../../src/lora/models/index.ts';
import type { Quantisation } from '../../src/lora/quantise.ts';
import { tinyBase } from './tiny.ts';
import { tinyLlama } from './tiny-llama.ts';

export const ENCODER = tinyBase({ d: 64, m: 128, layers: 2, heads: 4, vocabulary: 50, positions: 64 });
export const DECODER = tinyLlama();

export const JOBS: readonly (readonly [name: string, Base, HeadKind, Quantisation])[] = [
  ['bert', ENCODER, 'sequence', 'none'],
  ['bert', ENCODER, 'multilabel', 'nf4'],
  ['bert', ENCODER, 'tokens', 'none'],
  ['bert', ENCODER, 'pooled', 'nf4'],
  ['llama', DECODER, 'sequence', 'nf4'],
  ['llama', DECODER, 'vocabulary', 'none'],
];

export const planOf = (base: Base, kind: HeadKind, quantisation: Quantisation): Plan =>
  planAdapter(architectureOf(base), { kind, outputs: kind === 'pooled' || kind === 'vocabulary' ? 0 : 5, pooling: 'mean', quantisation }, { r: 4, alpha: 8, targets: 'all-linear' });

/** The base without a number. */
export const outlineOf = (base: Base): Base => ({ ...base, digest: '', tensors: new Map([...base.tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape, bytes: new Uint8Array(0) }])) });

export function rowsOf({ kind, hidden }: Pick<Plan, 'kind' | 'hidden'>): EncodedRow[] {
  return [17, 9, 24].map((length) => {
    const targets = { sequence: 1, multilabel: 0, tokens: length, pooled: 0, vocabulary: length }[kind];
    return { tokens: new Int32Array(length).fill(7), targets: new Int32Array(targets), weight: 1, ...(kind === 'pooled' ? { gradient: new Float32Array(hidden).fill(0.1) } : {}) };
  });
}
