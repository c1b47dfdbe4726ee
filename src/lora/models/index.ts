/** The architectures that can be run, chosen by config.json's model_type. */
import type { Base } from '../base.ts';
import { refuseBase } from '../base.ts';
import type { Architecture } from './architecture.ts';
import { bert } from './bert.ts';
import { LLAMA_TYPES } from './llama-config.ts';
import { llama } from './llama.ts';

export type { Adjust, Architecture, Body, Decoder, HeadKind, LinearGroup, LoadOptions } from './architecture.ts';
export { HEAD_KINDS } from './architecture.ts';

const ARCHITECTURES: Readonly<Record<string, (base: Base) => Architecture>> = { bert, ...Object.fromEntries(LLAMA_TYPES.map((type) => [type, llama])) };

/** Throws `bad-base`, naming what can be run, when the model's type or one of its options is not among it. */
export function architectureOf(base: Base): Architecture {
  const type = base.config['model_type'];
  const known = Object.keys(ARCHITECTURES);
  const create = typeof type === 'string' && Object.hasOwn(ARCHITECTURES, type) ? ARCHITECTURES[type]! : refuseBase(base.path)(`config.json says model_type ${JSON.stringify(type)}`, `one of ${known.join(', ')}`);
  return create(base);
}
