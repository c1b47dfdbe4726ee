/** Which key picks which label. */

/** Digits first, then the letters of the two rows that the hands rest on and above. */
const KEYS = '1234567890qwertyuiopasdfghjklzxcvbnm';

export interface Keyed {
  readonly label: string;
  /** Empty where there are more labels than keys. */
  readonly key: string;
}

/** The answer that was given first, since it is right most often; then by name, those that `find` stands in. At most `most`. */
export function keyed(labels: readonly string[], answer: string, find: string, most: number): Keyed[] {
  const wanted = find.trim().toLowerCase();
  const found = labels.filter((label) => label.toLowerCase().includes(wanted));
  const first = found.filter((label) => label === answer);
  return [...first, ...found.filter((label) => label !== answer)].slice(0, most).map((label, i) => ({ label, key: KEYS[i] ?? '' }));
}
