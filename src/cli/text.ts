/** What several commands say or look up in the same way. */
import path from 'node:path';
import type { Config } from '../config.ts';
import type { Standing } from '../evaluation/standing.ts';
import type { ModelSpec } from '../spec.ts';
import type { AdapterFiles } from '../vocabulary.ts';

/** Absolute path of a spec's base. */
export const basePath = (config: Config, spec: ModelSpec): string => path.resolve(config.baseDir, spec.base.model);

/** The base that an adapter's own files name: PEFT's word for where it was trained. */
export function baseOfAdapter({ config }: AdapterFiles): string {
  return (JSON.parse(new TextDecoder().decode(config)) as { base_model_name_or_path: string }).base_model_name_or_path;
}

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export function standingText({ score, interval: [low, high], n }: Pick<Standing, 'score' | 'interval' | 'n'>): string {
  return `${percent(score)} (95 % interval ${percent(low)} to ${percent(high)}) on ${n} rows`;
}
