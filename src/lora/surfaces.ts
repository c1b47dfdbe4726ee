/** What each token of a vocabulary says of the text it stands for, by the kind of tokenizer. */
import type { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import type { Surface } from './alignment.ts';

type Fields = Readonly<Record<string, unknown>>;

/** GPT-2's alphabet: the printable characters of Latin-1 stand for their own byte, the others for those beyond 255, in order. */
const BYTE_OF: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return new Map(Array.from({ length: 256 }, (_, byte) => [String.fromCharCode(printable(byte) ? byte : next++), byte]));
})();

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** Whether the vocabulary's tokens are bytes in GPT-2's alphabet. `tokenizer` is tokenizer.json. */
export const isByteLevel = (tokenizer: Fields): boolean => JSON.stringify([tokenizer['pre_tokenizer'], tokenizer['decoder']]).includes('"ByteLevel"');

/** The character that stands for a space in the vocabulary (sentencepiece's); null where none does. */
export function spaceMarker(tokenizer: Fields): string | null {
  const { type } = tokenizer['model'] as Fields;
  return !isByteLevel(tokenizer) && (type === 'BPE' || type === 'Unigram') ? '▁' : null;
}

/** Finds the special tokens that a text spells out; in brackets, for split. Null when there are none. */
export function literalsOf(hub: HubTokenizer): RegExp | null {
  const contents = [...hub.get_added_tokens_decoder().values()].filter(({ normalized, content }) => !normalized && content !== '').map(({ content }) => content);
  if (contents.length === 0) return null;
  // The longest first: of two that begin alike, the tokenizer takes the longer one too.
  return new RegExp(`(${contents.toSorted((a, b) => b.length - a.length).map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`);
}

/** A function from a token, as the library spells it, to its surface. */
export function surfacesOf(tokenizer: Fields, hub: HubTokenizer): (token: string, id: number) => Surface {
  const model = tokenizer['model'] as Fields;
  const [byteLevel, marker] = [isByteLevel(tokenizer), spaceMarker(tokenizer)];
  const wholeWord = model['type'] === 'WordPiece' || model['type'] === 'WordLevel';
  const prefix = typeof model['continuing_subword_prefix'] === 'string' ? model['continuing_subword_prefix'] : '';
  const suffix = typeof model['end_of_word_suffix'] === 'string' ? model['end_of_word_suffix'] : '';
  const added = hub.get_added_tokens_decoder();
  const unknown = hub.model?.unk_token_id;

  const bytesOf = (token: string): string => {
    const fallback = model['byte_fallback'] === true ? /^<0x([0-9A-F]{2})>$/.exec(token) : null;
    if (fallback !== null) return String.fromCharCode(Number.parseInt(fallback[1]!, 16));
    let plain = prefix !== '' && token.startsWith(prefix) ? token.slice(prefix.length) : token;
    if (suffix !== '' && plain.endsWith(suffix)) plain = plain.slice(0, -suffix.length);
    if (byteLevel) return Array.from(plain, (character) => String.fromCharCode(BYTE_OF.get(character) ?? 0)).join('');
    return utf8(marker === null ? plain : plain.replaceAll(marker, ' '));
  };
  return (token, id) => {
    if (id === unknown) return { bytes: null, wholeWord };
    const literal = added.get(id);
    return { bytes: literal === undefined ? bytesOf(token) : utf8(literal.content), wholeWord };
  };
}
