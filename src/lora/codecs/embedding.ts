/** Embedding: a text becomes a vector; trained on texts with the document that is right for them. */
import type { Tokenizer } from '../tokenizer.ts';
import type { Codec } from './codec.ts';
import { NOTHING } from './codec.ts';
import { textOf } from './text.ts';

export function embedding({ tokenizer, maxLength }: { readonly tokenizer: Tokenizer; readonly maxLength: number }): Codec {
  return {
    example(example) {
      const text = tokenizer.encode(textOf(example), maxLength);
      const documents = [example.positive!, ...(example.negatives ?? [])].map((document) => tokenizer.encode(document, maxLength));
      return {
        row: { tokens: text.tokens, targets: NOTHING, weight: example.weight ?? 1, documents: documents.map(({ tokens }) => tokens) },
        truncated: text.truncated || documents.some(({ truncated }) => truncated),
        inexact: 0,
        known: true,
        units: null,
      };
    },
    question(input) {
      const { tokens, truncated } = tokenizer.encode(textOf(input), maxLength);
      return { row: { tokens, targets: NOTHING, weight: 1 }, truncated, inexact: 0, known: false, units: null };
    },
    answer: (_, vector) => ({ vector: [...vector], confidence: 1 }),
  };
}
