/** The profile's doors. */
export { decodeProfile, encodeProfile, NO_COLUMNS, type WantedColumns } from './binary.ts';
export { distinctOf, type CategoryCounts, type CategoryLayout } from './columns/category.ts';
export { INPUT, OUTPUT, rowsOfColumn, type Column, type ColumnCounts, type ColumnKind, type ColumnLayout, type ColumnSource } from './columns/column.ts';
export { learnColumns, type FeatureRow, type LearntColumns } from './columns/learn.ts';
export { placeOf, type NumberCounts, type NumberLayout } from './columns/number.ts';
export { BUCKETS, FEATURE_UNIT, groupOf, type Sketch } from './columns/sketch.ts';
export { DESCRIPTORS, type Descriptor, type TextCounts, type TextLayout } from './columns/text.ts';
export type { VectorCounts, VectorLayout } from './columns/vector.ts';
export { ACCURACY, buildReference, withColumns, type ReferenceBody, type ReferenceParts, type ScoredRow, type Scoring } from './layout.ts';
export { UNIT } from './numeric.ts';
export { observeOutcome, observePrediction, type ObservedPrediction } from './observe.ts';
export type { PartCounts } from './parts.ts';
export { addInto, emptyProfile, merge, subtract, type Profile } from './profile.ts';
export { decodeReference, encodeReference } from './reference-file.ts';
export { unseenShare } from './vocabulary.ts';
