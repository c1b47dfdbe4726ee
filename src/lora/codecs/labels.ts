/** Classification: one label of a text, or any number of them. */
import { decide } from '../heads/index.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { Answer, Codec, EncodedExample, Example } from './codec.ts';
import { textOf } from './text.ts';

export interface LabelOptions {
  readonly tokenizer: Tokenizer;
  readonly labels: readonly string[];
  readonly maxLength: number;
}

/** From this probability on a label holds. */
const HOLDS = 0.5;

export function singleLabel(options: LabelOptions): Codec {
  const index = new Map(options.labels.map((label, i) => [label, i]));
  const encode = encoder(options);
  return {
    example: (example) => encode(textOf(example), [index.get(example.label!) ?? -1], index.has(example.label!), example.weight),
    question: (input) => encode(textOf(input), [-1], false),
    answer(_, logits): Answer {
      const { best, probabilities } = decide(logits, 0, logits.length);
      return { label: options.labels[best]!, confidence: probabilities[best]!, scores: [...probabilities] };
    },
  };
}

export function multiLabel(options: LabelOptions): Codec {
  const index = new Map(options.labels.map((label, i) => [label, i]));
  const encode = encoder(options);
  const targets = ({ labels = [] }: Example): number[] => labels.flatMap((label) => index.get(label) ?? []);
  return {
    example: (example) => encode(textOf(example), targets(example), example.labels!.every((label) => index.has(label)), example.weight),
    question: (input) => encode(textOf(input), [], false),
    answer(_, logits): Answer {
      const scores = Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
      const sure = scores.reduce((sum, p) => sum + Math.log(Math.max(p, 1 - p)), 0) / scores.length;
      return { labels: options.labels.filter((_label, i) => scores[i]! >= HOLDS), confidence: Math.exp(sure), scores };
    },
  };
}

function encoder({ tokenizer, maxLength }: LabelOptions) {
  return (text: string, targets: readonly number[], known: boolean, weight = 1): EncodedExample => {
    const { tokens, truncated } = tokenizer.encode(text, maxLength);
    return { row: { tokens, targets: Int32Array.from(targets), weight }, truncated, inexact: 0, known, units: null };
  };
}
