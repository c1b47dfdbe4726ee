/** The form of a text in which two texts are the same text. Its version stands in every manifest. */
export const NORMALISATION = 1;

/**
 * Unicode NFKC, lower case, single spaces, no sentence marks at the end. Marks inside stay: "c++" and "c#" are two things.
 * A text of marks alone stays as it is, since nothing of it would be left.
 */
export function normalise(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
  return plain.replace(/[\s.!?,;:…]+$/u, '') || plain;
}
