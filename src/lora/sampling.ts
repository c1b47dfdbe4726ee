/** Which token comes next. */
import type { Numbers } from './ops.ts';
import type { Random } from './random.ts';

export interface Sampling {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** Only the smallest set of tokens that together have this probability (arXiv 1904.09751); 1: all. */
  readonly topP: number;
  /** Only the so many likeliest tokens; 0: all. */
  readonly topK: number;
}

export const GREEDY: Sampling = { temperature: 0, topP: 1, topK: 0 };

/** Picks a token by its logits; the cuts are made in the order of transformers: temperature, topK, topP. */
export function sampler({ temperature, topP, topK }: Sampling, uniform: Random): (logits: Numbers) => number {
  if (temperature === 0) return likeliest;
  return (logits) => {
    const shares = softmax(logits, temperature);
    if (topP >= 1 && topK === 0) return draw(shares, shares.keys(), uniform());
    return draw(shares, nucleus(shares, topP, topK), uniform());
  };
}

export function likeliest(logits: Numbers): number {
  let best = 0;
  for (let i = 1; i < logits.length; i += 1) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** ln of the softmax at `token`. */
export function logProbabilityOf(logits: Numbers, token: number): number {
  const most = logits[likeliest(logits)]!;
  let total = 0;
  for (let i = 0; i < logits.length; i += 1) total += Math.exp(logits[i]! - most);
  return logits[token]! - most - Math.log(total);
}

function softmax(logits: Numbers, temperature: number): Float64Array {
  const most = logits[likeliest(logits)]!;
  const shares = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/** Tokens that stay, likeliest first. */
function nucleus(shares: Float64Array, topP: number, topK: number): number[] {
  // All tokens below this share have less than 1 - topP together: none is needed, and few are left to sort.
  const floor = topK > 0 ? 0 : (1 - topP) / shares.length;
  const sorted: number[] = [];
  shares.forEach((share, token) => {
    if (share >= floor) sorted.push(token);
  });
  sorted.sort((a, b) => shares[b]! - shares[a]! || a - b);
  const kept = topK > 0 ? sorted.slice(0, topK) : sorted;
  const wanted = topP * kept.reduce((sum, token) => sum + shares[token]!, 0);
  let sum = 0;
  const end = kept.findIndex((token) => (sum += shares[token]!) >= wanted);
  return kept.slice(0, Math.max(0, end) + 1);
}

/** Where `uniform` falls among the shares of some tokens, laid end to end. */
function draw(shares: Float64Array, tokens: Iterable<number>, uniform: number): number {
  const all = [...tokens];
  let left = uniform * all.reduce((sum, token) => sum + shares[token]!, 0);
  return all.find((token) => (left -= shares[token]!) < 0) ?? all.at(-1)!;
}
