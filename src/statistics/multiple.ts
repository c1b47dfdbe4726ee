/** Many answers at once: which of them stand, with the expected share of false ones among them held below q. */

/** Of e-values, whatever they depend on. (Wang and Ramdas, "False discovery rate control with e-values", 2022) */
export function eBenjaminiHochberg(e: readonly number[], q: number): boolean[] {
  const order = [...e].sort((a, b) => b - a);
  let cut = Infinity;
  order.forEach((value, i) => {
    if (value >= e.length / (q * (i + 1))) cut = value;
  });
  return e.map((value) => value >= cut);
}

/** Of p-values that are independent or positively dependent. (Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001) */
export function benjaminiHochberg(p: readonly number[], q: number): boolean[] {
  const order = [...p].sort((a, b) => a - b);
  let cut = -1;
  order.forEach((value, i) => {
    if (value <= (q * (i + 1)) / p.length) cut = value;
  });
  return p.map((value) => value <= cut);
}
