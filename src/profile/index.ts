/** The profile's doors. */
export { decodeProfile, encodeProfile } from './binary.ts';
export { ACCURACY, buildReference, type ReferenceBody, type ReferenceParts, type ScoredRow, type Scoring } from './layout.ts';
export { UNIT } from './numeric.ts';
export { addInto, emptyProfile, merge, observeOutcome, observePrediction, subtract, type ObservedPrediction, type Profile } from './profile.ts';
export { decodeReference, encodeReference } from './reference-file.ts';
export { unseenShare } from './vocabulary.ts';
