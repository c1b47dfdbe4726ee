/** Rotary positions: the angle of each pair of columns at each position (arXiv 2104.09864), and how long contexts stretch them. */
import type { Options } from './options.ts';

export type Rope = { readonly theta: number } & ({ readonly kind: 'default' } | { readonly kind: 'linear'; readonly factor: number } | Llama3);

/** Meta's scaling of Llama 3.1: waves longer than the old context are stretched, short ones stay, those between are blended. */
interface Llama3 {
  readonly kind: 'llama3';
  readonly factor: number;
  readonly lowFactor: number;
  readonly highFactor: number;
  readonly oldPositions: number;
}

const KINDS = ['default', 'linear', 'llama3'];

/** Reads rope_theta and rope_scaling, or rope_parameters, which transformers 5 has for both. */
export function ropeOf(options: Options): Rope {
  const given = options.raw('rope_parameters') ?? options.raw('rope_scaling') ?? {};
  options.raw('rope_scaling');
  if (typeof given !== 'object' || Array.isArray(given)) return options.refuse(`config.json says rope_scaling ${JSON.stringify(given)}`, 'an object with rope_type');
  const fields = given as Readonly<Record<string, unknown>>;
  const theta = fields['rope_theta'] ?? options.positive('rope_theta', 10_000);
  options.raw('rope_theta');
  const kind = fields['rope_type'] ?? fields['type'] ?? 'default';
  const number = (name: string): number => {
    const value = fields[name];
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : options.refuse(`config.json says ${name} ${JSON.stringify(value)} for rope_type ${JSON.stringify(kind)}`, 'a positive number');
  };
  if (fields['partial_rotary_factor'] !== undefined && fields['partial_rotary_factor'] !== 1) options.refuse(`config.json says partial_rotary_factor ${JSON.stringify(fields['partial_rotary_factor'])}`, '1: rotary positions of whole heads');
  if (typeof theta !== 'number' || !(theta > 0)) options.refuse(`config.json says rope_theta ${JSON.stringify(theta)}`, 'a positive number');
  const base = { theta: theta as number };
  switch (kind) {
    case 'default':
      return { ...base, kind: 'default' };
    case 'linear':
      return { ...base, kind: 'linear', factor: number('factor') };
    case 'llama3': {
      const [lowFactor, highFactor] = [number('low_freq_factor'), number('high_freq_factor')];
      if (lowFactor === highFactor) options.refuse(`config.json says low_freq_factor and high_freq_factor ${lowFactor}`, 'two different numbers');
      return { ...base, kind: 'llama3', factor: number('factor'), lowFactor, highFactor, oldPositions: number('original_max_position_embeddings') };
    }
    default:
      return options.refuse(`config.json says rope_type ${JSON.stringify(kind)}`, `one of ${KINDS.join(', ')}`);
  }
}

/** Angle a position, [width / 2]. Rounded to float32 where transformers rounds: far positions would differ otherwise. */
export function frequencies(rope: Rope, width: number): Float32Array {
  return Float32Array.from({ length: width / 2 }, (_, i) => {
    const plain = Math.fround(1 / Math.fround(rope.theta ** Math.fround((2 * i) / width)));
    if (rope.kind === 'default') return plain;
    return rope.kind === 'linear' ? plain / rope.factor : stretch(plain, rope);
  });
}

function stretch(frequency: number, { factor, lowFactor, highFactor, oldPositions }: Llama3): number {
  const turns = (oldPositions * frequency) / (2 * Math.PI);
  if (turns < lowFactor) return frequency / factor;
  if (turns > highFactor) return frequency;
  const blend = (turns - lowFactor) / (highFactor - lowFactor);
  return ((1 - blend) * frequency) / factor + blend * frequency;
}

/** Gives cos and sin of each position, [n, width / 2]. Tables grow with the positions that are met: a model may promise 131,072. */
export function createRotation(rope: Rope, width: number): (positions: Int32Array) => { cos: Float32Array; sin: Float32Array } {
  const [half, angles] = [width / 2, frequencies(rope, width)];
  let [known, cos, sin] = [0, new Float32Array(0), new Float32Array(0)];
  const grow = (count: number): void => {
    const angle = (_: unknown, at: number): number => Math.fround(Math.floor(at / half) * angles[at % half]!);
    const all = Float32Array.from({ length: count * half }, angle);
    [known, cos, sin] = [count, all.map(Math.cos), all.map(Math.sin)];
  };
  return (positions) => {
    const most = positions.reduce((a, b) => Math.max(a, b), 0);
    if (most >= known) grow(Math.max(most + 1, 2 * known));
    const rows = (table: Float32Array): Float32Array => {
      const chosen = new Float32Array(positions.length * half);
      positions.forEach((position, i) => chosen.set(table.subarray(position * half, (position + 1) * half), i * half));
      return chosen;
    };
    return { cos: rows(cos), sin: rows(sin) };
  };
}
