/** Extraction: spans of a text, as tags of its units. */
import type { EncodedRow } from '../batches.ts';
import { bestTags, spansOf, tagUnits } from '../tags.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { Answer, Codec } from './codec.ts';
import { textOf } from './text.ts';

export interface ExtractionOptions {
  readonly tokenizer: Tokenizer;
  readonly labels: readonly string[];
  readonly maxLength: number;
  /** In a causal model only the last token of a word has seen the word. */
  readonly causal: boolean;
}

export function extraction({ tokenizer, labels, maxLength, causal }: ExtractionOptions): Codec {
  const align = (text: string) => tokenizer.align(text, maxLength, causal ? 'last' : 'first');
  const untagged = (tokens: Int32Array): Int32Array => new Int32Array(tokens.length).fill(-1);
  return {
    example(example) {
      const { tokens, truncated, units } = align(textOf(example));
      const spans = example.spans!;
      const known = spans.every(({ label }) => labels.includes(label));
      const targets = untagged(tokens);
      const { tags, inexact } = tagUnits(known ? spans : [], labels, units);
      if (known) units.tokens.forEach((token, i) => (targets[token] = tags[i]!));
      const row: EncodedRow = { tokens, targets, weight: example.weight ?? 1 };
      return { row, truncated, inexact, known, units };
    },
    question(input) {
      const { tokens, truncated, units } = align(textOf(input));
      return { row: { tokens, targets: untagged(tokens), weight: 1 }, truncated, inexact: 0, known: false, units };
    },
    answer({ units, row }, logits): Answer {
      const { tags, loss } = bestTags(logits, logits.length / row.tokens.length, units!);
      return { spans: spansOf(tags, labels, units!), confidence: Math.exp(-loss) };
    },
  };
}
