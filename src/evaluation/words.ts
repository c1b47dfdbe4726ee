/** Numbers as a person reads them in a reason. */

/** A share as percentage points. */
export function points(share: number): string {
  return (100 * share).toFixed(1);
}

export function signed(share: number | null): string {
  return share === null ? 'no' : `${share > 0 ? '+' : ''}${points(share)}`;
}

export function range([low, high]: readonly [number, number]): string {
  return `${signed(low)} to ${signed(high)}`;
}

/** A p-value; one that a double cannot hold is said to be small, not to be 0. */
export function probability(p: number): string {
  if (p < 1e-300) return 'below 1e-300';
  return p < 0.0001 ? p.toExponential(1) : p.toFixed(4);
}

export function rows(n: number): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? 'row' : 'rows'}`;
}
