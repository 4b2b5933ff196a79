/**
 * What a vocabulary entry stands for: the bytes of text behind `Ġthe`, `▁the`, `<0xE2>`, `##ing` or `the</w>`.
 * Read off tokenizer.json, so that one alignment (alignment.ts) serves every kind of tokenizer.
 */

/** The parts of tokenizer.json that decide how entries spell text. */
export interface TokenizerJson {
  readonly model: Readonly<Record<string, unknown>>;
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly decoder: unknown;
  readonly added_tokens: readonly AddedTokenJson[];
}

export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
}

/** How unknown text shows up: a whole word, one character, or a run of characters fused into one entry. */
export type UnknownUnit = 'word' | 'character' | 'run';

export interface Surface {
  /** Entries are spelled in the 256-letter byte alphabet of GPT-2. */
  readonly byteLevel: boolean;
  readonly unknownToken: string | undefined;
  readonly unknownUnit: UnknownUnit;
  /** UTF-8 bytes of the text behind an entry that is not an added token. */
  bytesOf(token: string): number[];
  /** The part of normalised text or of an entry that alignment may treat as equal: `▁` and space, final and medial sigma. */
  fold(text: string): string;
  /** True when the entry continues a word (WordPiece `##`). */
  continuesWord(token: string): boolean;
}

export function surfaceOf(json: TokenizerJson): Surface {
  const { model } = json;
  const byteLevel = hasComponent(json.pre_tokenizer, 'ByteLevel') || hasComponent(json.decoder, 'ByteLevel');
  const metaspace = !byteLevel && usesMetaspace(json);
  const prefix = nonEmptyString(model['continuing_subword_prefix']);
  const suffix = nonEmptyString(model['end_of_word_suffix']) ?? nonEmptyString(model['continuing_subword_suffix']);
  const byteFallback = model['byte_fallback'] === true;
  const wordPiece = model['type'] === 'WordPiece' || (model['type'] === undefined && prefix !== undefined && model['merges'] === undefined);

  const fold = (text: string): string => {
    if (byteLevel) return text;
    return (metaspace ? text.replaceAll('▁', ' ') : text).replaceAll('ς', 'σ');
  };
  const continuesWord = (token: string): boolean => prefix !== undefined && token.length > prefix.length && token.startsWith(prefix);

  return {
    byteLevel,
    unknownToken: nonEmptyString(model['unk_token']),
    unknownUnit: wordPiece ? 'word' : model['fuse_unk'] === true ? 'run' : 'character',
    fold,
    continuesWord,
    bytesOf(token) {
      const fallback = byteFallback ? /^<0x([0-9A-F]{2})>$/.exec(token) : null;
      if (fallback !== null) return [Number.parseInt(fallback[1]!, 16)];
      let spelled = continuesWord(token) ? token.slice(prefix!.length) : token;
      if (suffix !== undefined && spelled.endsWith(suffix)) spelled = spelled.slice(0, -suffix.length);
      return byteLevel ? bytesOfLetters(spelled) : utf8(fold(spelled));
    },
  };
}

/** UTF-8 bytes; a lone surrogate becomes U+FFFD, as in every tokenizer. */
export function utf8(text: string): number[] {
  return [...encoder.encode(text)];
}

const encoder = new TextEncoder();

/** GPT-2's byte alphabet: printable Latin-1 letters stand for themselves, the other bytes for U+0100 onwards. */
const byteOfLetter: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) map.set(String.fromCharCode(printable(byte) ? byte : next++), byte);
  return map;
})();

function bytesOfLetters(token: string): number[] {
  return Array.from(token, (letter) => byteOfLetter.get(letter)).every((byte) => byte !== undefined)
    ? Array.from(token, (letter) => byteOfLetter.get(letter)!)
    : utf8(token);
}

function usesMetaspace(json: TokenizerJson): boolean {
  return hasComponent(json.pre_tokenizer, 'Metaspace') || hasComponent(json.decoder, 'Metaspace')
    || JSON.stringify(json.normalizer ?? null).includes('▁');
}

function hasComponent(component: unknown, type: string): boolean {
  if (Array.isArray(component)) return component.some((part) => hasComponent(part, type));
  if (typeof component !== 'object' || component === null) return false;
  const fields = component as Record<string, unknown>;
  return fields['type'] === type || hasComponent(fields['pretokenizers'], type) || hasComponent(fields['decoders'], type);
}

function nonEmptyString(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
