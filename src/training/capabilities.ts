/** What each engine can do, as data: code asks the table, never the name. */
import path from 'node:path';
import type { ModelSpec } from '../spec.ts';
import { TASKS, type Task } from '../vocabulary.ts';

/** An architecture as engines see it. */
export interface Architecture {
  /** `model_type` of the bases that are of it. */
  readonly modelTypes: readonly string[];
  readonly tasks: readonly Task[];
}

export interface Engine {
  /** The program that is started with the job folder as its argument. */
  readonly entry: string;
  /** Tasks by architecture. */
  readonly architectures: Readonly<Record<string, Architecture>>;
  /** Forms, besides floats, in which it can hold the base. */
  readonly quantisation: readonly ('int8' | 'nf4')[];
  readonly devices: readonly ('cpu' | 'gpu')[];
  /** Continues an adapter that it is given. */
  readonly warmStart: boolean;
}

export type Engines = Readonly<Record<ModelSpec['training']['engine'], Engine>>;

export const ENGINES: Engines = {
  tfjs: {
    entry: path.join(import.meta.dirname, 'engines/tfjs/main.ts'),
    architectures: {
      bert: { modelTypes: ['bert'], tasks: ['classification', 'extraction', 'embedding'] },
      llama: { modelTypes: ['llama', 'mistral', 'qwen2', 'qwen3'], tasks: ['classification', 'extraction', 'embedding', 'generation'] },
    },
    quantisation: ['nf4'],
    devices: ['cpu', 'gpu'],
    warmStart: true,
  },
};

/** Tasks that an engine can do on some architecture. */
export const tasksOf = ({ architectures }: Engine): Task[] => TASKS.filter((task) => Object.values(architectures).some(({ tasks }) => tasks.includes(task)));

/** Types of bases on which an engine can do a task. */
export const modelTypesFor = ({ architectures }: Engine, task: Task): string[] => Object.values(architectures).flatMap(({ modelTypes, tasks }) => (tasks.includes(task) ? modelTypes : []));
