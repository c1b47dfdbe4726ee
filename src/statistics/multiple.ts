/** Many answers at once: which of them stand, with the expected share of false ones among them held below q. */

/** Of p-values that are independent or positively dependent. (Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001) */
export function benjaminiHochberg(p: readonly number[], q: number): boolean[] {
  const order = [...p].sort((a, b) => a - b);
  let cut = -1;
  order.forEach((value, i) => {
    if (value <= (q * (i + 1)) / p.length) cut = value;
  });
  return p.map((value) => value <= cut);
}
