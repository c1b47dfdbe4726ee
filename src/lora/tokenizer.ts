/** The base's own tokenizer.json, read by @huggingface/tokenizers; offsets are ours (alignment.ts). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { TrimtabError, isTrimtabError, messageOf } from '../errors.ts';
import type { Surface } from './alignment.ts';
import { layTokens, trace, unitsOf } from './alignment.ts';
import { literalsOf, spaceMarker, surfacesOf } from './surfaces.ts';
import type { Units } from './tags.ts';

/** No token of a byte-level vocabulary in use is longer; what lies beyond `maxLength` tokens of this size is never looked at. */
const MAX_CHARACTERS_PER_TOKEN = 64;
const CACHED_TEXTS = 20_000;

export interface Encoded {
  readonly tokens: Int32Array;
  /** The text went on where its tokens end. */
  readonly truncated: boolean;
}

/** Tokens and the UTF-16 units of the text that each stands for. */
export interface Placed {
  readonly tokens: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export interface Aligned extends Encoded {
  readonly units: Units;
}

export interface Tokenizer {
  /** Token ids with the special tokens around, at most `maxLength`; a longer text keeps its start and the closing tokens. */
  encode(text: string, maxLength: number): Encoded;
  /** The same with the units of the text; `side` says which token of a unit speaks for it. */
  align(text: string, maxLength: number, side: 'first' | 'last'): Aligned;
  /** Nothing put around; special tokens that the text spells out are found. */
  bare(text: string): Int32Array;
  /** The same with where each token stands. */
  placed(text: string): Placed;
  /** What `encode` puts in front and behind: BOS or [CLS], and [SEP] or nothing. */
  readonly opening: readonly number[];
  readonly closing: readonly number[];
  /** eos_token of tokenizer_config.json; null where it names none. */
  readonly eos: number | null;
  /** All tokens that end a completion: eos, then those of generation_config.json. */
  readonly ends: readonly number[];
  /** Text of tokens, special ones left out. */
  decode(tokens: ArrayLike<number>): string;
  /** The Jinja template of a chat; null where the base has none. */
  readonly chatTemplate: string | null;
  /** Special tokens by their name in tokenizer_config.json (`bos_token` ...), as templates use them. */
  readonly special: Readonly<Record<string, string>>;
}

/** Reads tokenizer.json, tokenizer_config.json and, where they are there, chat_template.jinja and generation_config.json of a base's folder. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const read = async (name: string): Promise<Record<string, unknown>> => JSON.parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>;
  try {
    const [model, config] = await Promise.all([read('tokenizer.json'), read('tokenizer_config.json')]);
    const template = await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(() => null);
    const generation = await read('generation_config.json').catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw cause;
    });
    return createTokenizer(folder, model, template === null ? config : { ...config, chat_template: template }, generation);
  } catch (cause) {
    if (isTrimtabError(cause)) throw cause;
    throw new TrimtabError('bad-base', { base: folder, problem: `its tokenizer cannot be read (${messageOf(cause)})`, right: 'tokenizer.json and tokenizer_config.json as transformers saves them' }, { cause });
  }
}

/** `name` is for messages; `model`, `config` and `generation` are the contents of tokenizer.json, tokenizer_config.json and generation_config.json. */
export function createTokenizer(name: string, model: Record<string, unknown>, config: Record<string, unknown>, generation: Record<string, unknown> = {}): Tokenizer {
  const hub = new HubTokenizer(model, config);
  const encode = (text: string): { ids: number[]; tokens: string[] } => hub.encode(text, { add_special_tokens: false });
  const { opening, closing } = around(hub);
  const surfaces = surfacesOf(model, hub);
  const marker = spaceMarker(model);
  const normalised = (text: string): string => (hub.normalizer === null ? text : hub.normalizer._call(text));
  // Where ▁ stands for a space, text and tokens are compared with spaces.
  const normaliser = { normalise: (text: string): string => (marker === null ? normalised(text) : normalised(text).replaceAll(marker, ' ')), literals: literalsOf(hub) };
  const wordsOf = (text: string): string[] => hub.pre_tokenizer?._call(text) ?? [text];
  const pieces = new Map<string, string>();

  const cut = (text: string, maxLength: number): { ids: number[]; tokens: string[]; text: string; truncated: boolean } => {
    const seen = text.slice(0, maxLength * MAX_CHARACTERS_PER_TOKEN);
    const { ids, tokens } = encode(seen);
    const room = Math.max(0, maxLength - opening.length - closing.length);
    return { ids: ids.slice(0, room), tokens: tokens.slice(0, room), text: seen, truncated: ids.length > room || seen.length < text.length };
  };
  const put = (ids: readonly number[]): Int32Array => Int32Array.from([...opening, ...ids, ...closing]);
  const layOut = (text: string, found: readonly Surface[]): { starts: Int32Array; ends: Int32Array } => {
    const laid = layTokens(trace(text, normaliser, pieces), found, wordsOf);
    if (laid === null) throw new TrimtabError('bad-base', { base: name, problem: 'its tokens cannot be found again in the text', right: 'a tokenizer whose tokens stand for parts of the text, in their order' });
    return laid;
  };
  const special = specialTokens(config);
  const eos = special['eos_token'] === undefined ? null : (hub.token_to_id(special['eos_token']) ?? null);

  return {
    opening,
    closing,
    special,
    eos,
    ends: [...new Set([...(eos === null ? [] : [eos]), ...endsOf(name, generation, hub)])],
    chatTemplate: typeof config['chat_template'] === 'string' ? config['chat_template'] : null,
    encode: cached((text, maxLength) => {
      const { ids, truncated } = cut(text, maxLength);
      return { tokens: put(ids), truncated };
    }),
    align(text, maxLength, side) {
      const { ids, tokens, text: seen, truncated } = cut(text, maxLength);
      const { starts, ends } = layOut(seen, tokens.map((token, i) => surfaces(token, ids[i]!)));
      const units = unitsOf(seen, starts, ends, side);
      return { tokens: put(ids), truncated, units: { ...units, tokens: units.tokens.map((token) => token + opening.length) } };
    },
    bare: (text) => Int32Array.from(text === '' ? [] : encode(text).ids),
    placed(text) {
      const { ids, tokens } = text === '' ? { ids: [], tokens: [] } : encode(text);
      return { tokens: Int32Array.from(ids), ...layOut(text, tokens.map((token, i) => surfaces(token, ids[i]!))) };
    },
    decode: (tokens) => (tokens.length === 0 ? '' : hub.decode(Array.from(tokens), { skip_special_tokens: true, clean_up_tokenization_spaces: false })),
  };
}

/** Found on a text of one letter: an empty one does not say what stands in front and what behind. */
function around(hub: HubTokenizer): { opening: number[]; closing: number[] } {
  const [bare, whole] = [hub.encode('a', { add_special_tokens: false }).ids, hub.encode('a').ids];
  const extra = whole.length - bare.length;
  const at = Array.from({ length: extra + 1 }, (_, i) => i).find((i) => bare.every((id, k) => whole[i + k] === id)) ?? extra;
  return { opening: whole.slice(0, at), closing: whole.slice(at + bare.length) };
}

/** generation_config.json has one id, a list, or none. */
function endsOf(name: string, { eos_token_id: given }: Record<string, unknown>, hub: HubTokenizer): number[] {
  const ids: unknown[] = given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
  const strange = ids.find((id) => typeof id !== 'number' || hub.id_to_token(id) === undefined);
  if (strange === undefined) return ids as number[];
  throw new TrimtabError('bad-base', { base: name, problem: `its generation_config.json has eos_token_id ${JSON.stringify(strange)}, which is no token`, right: 'one id, or a list of ids, of tokens of tokenizer.json' });
}

function specialTokens(config: Record<string, unknown>): Record<string, string> {
  const named = Object.entries(config).flatMap(([key, value]): [string, string][] => {
    const content = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
    return key.endsWith('_token') && typeof content === 'string' ? [[key, content]] : [];
  });
  return Object.fromEntries(named);
}

/** Production traffic repeats itself, and a run encodes the same rows in every stage. The one that was not asked for longest goes first. */
function cached(encode: Tokenizer['encode']): Tokenizer['encode'] {
  const cache = new Map<string, { maxLength: number; encoded: Encoded }>();
  return (text, maxLength) => {
    const known = cache.get(text);
    cache.delete(text);
    const entry = known?.maxLength === maxLength ? known : { maxLength, encoded: encode(text, maxLength) };
    if (cache.size >= CACHED_TEXTS) cache.delete(cache.keys().next().value!);
    cache.set(text, entry);
    return entry.encoded;
  };
}
