/** Small tokenizers of each kind, and texts that are hard for them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Tokenizer } from '../../src/lora/tokenizer.ts';
import { createTokenizer } from '../../src/lora/tokenizer.ts';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const special = (id: number, content: string): object => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
const index = (words: readonly string[]): Record<string, number> => Object.fromEntries(words.map((word, id) => [word, id]));
const around = (left: string, right: string, ids: Record<string, number>): object => ({
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: left, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, ...(right === '' ? [] : [{ SpecialToken: { id: right, type_id: 0 } }])],
  pair: [],
  special_tokens: Object.fromEntries([left, right].filter(Boolean).map((token) => [token, { id: token, ids: [ids[token]], tokens: [token] }])),
});

/** BERT's: lower case, accents taken away, a word is split at most into letters, else unknown. */
export function wordPiece(): Tokenizer {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), '##ing', 'play', 'song', ',', '.', "'", '中', '文', 'è'];
  const vocab = index(words);
  return createTokenizer('word pieces', {
    version: '1.0',
    added_tokens: [0, 1, 2, 3].map((id) => special(id, words[id]!)),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: around('[CLS]', '[SEP]', vocab),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', vocab, unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
  }, { tokenizer_class: 'BertTokenizer', unk_token: '[UNK]' });
}

/** Llama 2's: white space as ▁, one put in front, unknown characters as their bytes. */
export function metaspace(): Tokenizer {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const words = ['<unk>', '<s>', '</s>', ...bytes, '▁', ...LETTERS, ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ.,é', '▁p', 'la', '▁pla', '▁play', 'y'].filter((word, i, all) => all.indexOf(word) === i);
  const vocab = index(words);
  return createTokenizer('metaspace', {
    version: '1.0',
    added_tokens: [0, 1, 2].map((id) => special(id, words[id]!)),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
    pre_tokenizer: null,
    post_processor: around('<s>', '', vocab),
    decoder: { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
    model: { type: 'BPE', vocab, merges: [['▁', 'p'], ['l', 'a'], ['▁p', 'la'], ['▁pla', 'y']], unk_token: '<unk>', byte_fallback: true, fuse_unk: true },
  }, { tokenizer_class: 'LlamaTokenizer', unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>' });
}

/** GPT-2's alphabet of bytes, as SmolLM2 and Llama 3 have it: cased, a chat template, EOS that also pads. 262 tokens. */
export function byteLevelFiles(): { readonly model: Record<string, unknown>; readonly config: Record<string, unknown> } {
  const printable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  const alphabet = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
  const words = ['<|end|>', '<|start|>', ...alphabet, 'Ġp', 'la', 'Ġpla', 'Ġplay'];
  const vocab = index(words);
  const template = "{% if tools %}<|start|>tools\n{{ tools | tojson }}<|end|>\n{% endif %}{% for m in messages %}<|start|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}{% if add_generation_prompt %}<|start|>assistant\n{% endif %}";
  const model = {
    version: '1.0',
    added_tokens: [0, 1].map((id) => special(id, words[id]!)),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab, merges: [['Ġ', 'p'], ['l', 'a'], ['Ġp', 'la'], ['Ġpla', 'y']], unk_token: null },
  };
  return { model, config: { tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '<|end|>', pad_token: '<|end|>', chat_template: template } };
}

export function byteLevel(): Tokenizer {
  const { model, config } = byteLevelFiles();
  return createTokenizer('byte level', model, config);
}

/** The bundled encoder's: byte level, NFC, lower case, white space put together. */
export function miniEncoder(): Tokenizer {
  const read = (name: string): Record<string, unknown> => JSON.parse(readFileSync(new URL(`../../models/mini-encoder/${name}`, import.meta.url), 'utf8')) as Record<string, unknown>;
  return createTokenizer('mini-encoder', read('tokenizer.json'), read('tokenizer_config.json'));
}

export const TOKENIZERS: readonly (readonly [string, Tokenizer])[] = [['word pieces', wordPiece()], ['metaspace', metaspace()], ['byte level', byteLevel()], ['mini-encoder', miniEncoder()]];

const HARD = ['play', 'Song', 'don\'t', 'İstanbul', 'ΟΔΟΣ', 'straße', 'ﬁne', 'é', 'e\u0301', 'a\u0323\u0307', '中文', '日本語テキスト', '\u1112\u1161\u11ab', '👍🏽', '👨‍👩‍👧', '𝒳y', 'שָׁלוֹם', 'สวัสดี', '”quoted“', '…', '[SEP]', '\u200b', '\ufeff', '\u00a0', '\t', '\n\n', '  ', ' ', ',', '▁', '##ing', 'x\u0000y'];

/** Words, marks and white space of many scripts, put together anyhow. */
export const hardTexts: fc.Arbitrary<string> = fc.array(fc.oneof(fc.constantFrom(...HARD), fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constant(' ')), { maxLength: 12 }).map((parts) => parts.join(''));
