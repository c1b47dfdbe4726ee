/** The heads, by kind. PEFT's task types: SEQ_CLS, SEQ_CLS, TOKEN_CLS, FEATURE_EXTRACTION, CAUSAL_LM. */
import type { EncodedRow } from '../batches.ts';
import type { HeadKind } from '../models/index.ts';
import type { HeadKindRules } from './head.ts';
import { multilabel } from './multilabel.ts';
import { pooled } from './pooled.ts';
import { sequence } from './sequence.ts';
import { tokens } from './tokens.ts';
import { vocabulary } from './vocabulary.ts';

export type { Head, HeadParts } from './head.ts';
export { decide, type Decision } from './sequence.ts';

export const HEADS: Readonly<Record<HeadKind, HeadKindRules>> = { sequence, multilabel, tokens, pooled, vocabulary };

/** What the rows of a batch weigh together: their shares in the mean loss add up to 1. */
export function totalWeight(kind: HeadKind, rows: readonly EncodedRow[]): number {
  return rows.reduce((sum, row) => sum + row.weight * HEADS[kind].terms(row), 0);
}
