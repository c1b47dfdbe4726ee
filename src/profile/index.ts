/** The profile's doors. */
export { decodeProfile, encodeProfile } from './binary.ts';
export { buildReference, type ReferenceBody, type ReferenceParts, type ScoredRow } from './layout.ts';
export { UNIT } from './numeric.ts';
export { addInto, emptyProfile, merge, observeOutcome, observePrediction, subtract, type ObservedPrediction, type Profile } from './profile.ts';
export { decodeReference, encodeReference } from './reference-file.ts';
export { unseenShare } from './vocabulary.ts';
