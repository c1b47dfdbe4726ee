/** The two bases that come with the repository, and the golden files that models/pretrain wrote for them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODELS = join(import.meta.dirname, '../../models');

export const baseFolder = (name: 'mini-encoder' | 'mini-decoder'): string => join(MODELS, name);
export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
export const golden = (name: string): unknown => readJson(join(import.meta.dirname, 'golden', `${name}.json`));
