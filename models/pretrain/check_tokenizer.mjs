// Compares npm's @huggingface/tokenizers with the ids written by tokenizer_cases.py.
//
//     node check_tokenizer.mjs ../mini-encoder cases.json
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';

const [folder, casesPath] = process.argv.slice(2);
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

const tokenizer = new Tokenizer(json(join(folder, 'tokenizer.json')), json(join(folder, 'tokenizer_config.json')));
const cases = json(casesPath);
const wrong = cases.filter(({ text, ids }) => tokenizer.encode(text).ids.join() !== ids.join());

for (const { text, ids } of wrong.slice(0, 20)) {
  console.log(JSON.stringify(text), '\n  python', ids.join(' '), '\n  npm   ', tokenizer.encode(text).ids.join(' '));
}
console.log(`${cases.length - wrong.length} of ${cases.length} texts give the same ids`);
process.exitCode = wrong.length > 0 ? 1 : 0;
