/** The codec of each head. */
import type { HeadKind } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { Loss } from '../../vocabulary.ts';
import type { Codec } from './codec.ts';
import { embedding } from './embedding.ts';
import { extraction } from './extraction.ts';
import { generation } from './generation.ts';
import { multiLabel, singleLabel } from './labels.ts';

export { canonicalAnswer, type Answer, type Codec, type EncodedExample, type Example, type Input } from './codec.ts';
export { generation, type GenerationCodec } from './generation.ts';

export interface CodecOptions {
  readonly tokenizer: Tokenizer;
  /** Of a classification or the spans of an extraction. */
  readonly labels: readonly string[];
  /** Tokens of a row, at most. */
  readonly maxLength: number;
  readonly causal: boolean;
  /** Of a generation; the completion when left out. */
  readonly loss?: Loss;
}

const CODECS: Readonly<Record<HeadKind, (options: CodecOptions) => Codec>> = { sequence: singleLabel, multilabel: multiLabel, tokens: extraction, pooled: embedding, vocabulary: generation };

export const createCodec = (kind: HeadKind, options: CodecOptions): Codec => CODECS[kind](options);
