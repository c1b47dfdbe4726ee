/** `predict FOLDER TEXT ...`: what an adapter answers, without a service. */
import { createInterface } from 'node:readline';
import path from 'node:path';
import { TrimtabError } from '../../errors.ts';
import { parseHeader, readAdapter, refuseAdapter } from '../../lora/adapter-files.ts';
import { loadPredictor } from '../../lora/predictor.ts';
import { rulesOfHead } from '../../promotion/targets/builtin.ts';
import { readArguments, textOf } from '../arguments.ts';
import type { Command } from '../command.ts';
import { baseOfAdapter } from '../text.ts';

const usage = 'predict FOLDER [TEXT] [--base DIR]';

export const predict: Command = {
  words: ['predict'],
  usage,
  summary: 'what an adapter answers to a text, or to each line of standard input; an object a line with --json',
  async run(args, context) {
    const parsed = readArguments(args, ['FOLDER', 'TEXT?'], usage, { base: { type: 'string' } });
    const [folder = '', given] = parsed.positionals;
    const config = context.config(textOf(parsed, 'data'));
    const files = await readAdapter(folder);
    const rules = rulesOfHead(parseHeader(files, refuseAdapter(folder)).kind);
    if (rules.task === 'embedding') throw new TrimtabError('bad-request', { what: folder, problem: 'an embedding answers with vectors, which are compared with documents', right: 'ask a service: POST /v1/models/NAME/predict with documents' });
    const predictor = await loadPredictor({ basePath: path.resolve(config.baseDir, textOf(parsed, 'base') ?? baseOfAdapter(files)), adapter: files });
    try {
      for await (const text of given === undefined ? createInterface({ input: process.stdin }) : [given]) {
        const [answer] = await predictor.predict([text]);
        if (answer === undefined) continue;
        const value = rules.answerValue(answer.label);
        context.out(parsed.values['json'] === true ? JSON.stringify({ text, [rules.answerField]: value, confidence: answer.confidence }) : `${typeof value === 'string' ? value : JSON.stringify(value)}\t${answer.confidence.toFixed(3)}`);
      }
    } finally {
      await predictor.dispose();
    }
    return 0;
  },
};
