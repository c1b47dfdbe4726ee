/** The base's own tokenizer.json, read by @huggingface/tokenizers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { TrimtabError, messageOf } from '../errors.ts';

/** No token of a byte-level vocabulary in use is longer; what lies beyond `maxLength` tokens of this size is never looked at. */
const MAX_CHARACTERS_PER_TOKEN = 64;
const CACHED_TEXTS = 20_000;

export interface Tokenizer {
  /** Token ids with the special tokens around, at most `maxLength`; a longer text keeps its start and the closing token. */
  encode(text: string, maxLength: number): Int32Array;
}

/** Reads tokenizer.json and tokenizer_config.json of a base's folder. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  let tokenizer: HubTokenizer;
  try {
    const [model, config] = await Promise.all(['tokenizer.json', 'tokenizer_config.json'].map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as object));
    tokenizer = new HubTokenizer(model!, config!);
  } catch (cause) {
    throw new TrimtabError('bad-base', { base: folder, problem: `its tokenizer cannot be read (${messageOf(cause)})`, right: 'tokenizer.json and tokenizer_config.json as transformers saves them' }, { cause });
  }
  return cached((text, maxLength) => {
    const { ids } = tokenizer.encode(text.slice(0, maxLength * MAX_CHARACTERS_PER_TOKEN));
    if (ids.length <= maxLength) return Int32Array.from(ids);
    return Int32Array.from([...ids.slice(0, maxLength - 1), ids.at(-1)!]);
  });
}

/** Production traffic repeats itself, and a run encodes the same rows in every stage. Oldest out first. */
function cached(encode: Tokenizer['encode']): Tokenizer {
  const cache = new Map<string, { maxLength: number; ids: Int32Array }>();
  return {
    encode(text, maxLength) {
      const known = cache.get(text);
      if (known?.maxLength === maxLength) return known.ids;
      const ids = encode(text, maxLength);
      if (cache.size >= CACHED_TEXTS) cache.delete(cache.keys().next().value!);
      cache.set(text, { maxLength, ids });
      return ids;
    },
  };
}
