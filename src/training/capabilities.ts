/** What each engine can do, as data: code asks the table, never the name. */
import path from 'node:path';
import type { ModelSpec } from '../spec.ts';
import type { Task } from '../vocabulary.ts';

export interface Engine {
  /** The program that is started with the job folder as its argument. */
  readonly entry: string;
  readonly tasks: readonly Task[];
  /** `model_type` of the bases that it can adapt. */
  readonly architectures: readonly string[];
  /** Forms, besides floats, in which it can hold the base. */
  readonly quantisation: readonly ('int8' | 'nf4')[];
  readonly devices: readonly ('cpu' | 'gpu')[];
  /** Continues an adapter that it is given. */
  readonly warmStart: boolean;
}

export type Engines = Readonly<Record<ModelSpec['training']['engine'], Engine>>;

export const ENGINES: Engines = {
  tfjs: { entry: path.join(import.meta.dirname, 'engines/tfjs/main.ts'), tasks: ['classification'], architectures: ['bert'], quantisation: [], devices: ['cpu'], warmStart: true },
};
