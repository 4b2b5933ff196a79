/**
 * A model's tokenizer, from the files in its folder, over transformers.js.
 *
 * The files are read here and not by `AutoTokenizer.from_pretrained`: that one remembers missing files for the life of
 * the process, requires tokenizer_config.json, takes a relative folder for a hub id, and has no size limit.
 * The tokenizer class is chosen in the same way. Character offsets are ours (tokenizer/alignment.ts).
 */
import { join } from 'node:path';
import { MechanistError } from '../errors.ts';
import { isJsonObject, readJsonObject } from './jsonFile.ts';
import type { JsonObject } from './jsonFile.ts';
import { alignable, alignTokens } from './tokenizer/alignment.ts';
import type { Span, TokenSurface } from './tokenizer/alignment.ts';
import { transformersLibrary } from './tokenizer/library.ts';
import { surfaceOf, utf8 } from './tokenizer/surface.ts';
import type { AddedTokenJson, Surface, TokenizerJson } from './tokenizer/surface.ts';

/** One text as a model reads it. The three arrays have equal length. */
export interface Encoding {
  readonly ids: readonly number[];
  /** Vocabulary entries as spelled in the vocabulary (`Ġthe`, `▁the`, `##ing`). */
  readonly tokens: readonly string[];
  /**
   * Span of each token in the text, in UTF-16 code units, never going backwards. A token that holds part of a
   * character has that character's span; tokens and spaces that the tokenizer added have an empty one.
   */
  readonly offsets: readonly Span[];
}

export interface Tokenizer {
  /** One more than the largest id. */
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly padId: number | undefined;
  /** Special tokens ([CLS], <s>…) are added as the model expects unless `addSpecialTokens` is false. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): Encoding;
  /** The text behind ids, special tokens included. Errors: `argument` for an id outside the vocabulary. */
  decode(ids: readonly number[]): string;
  /**
   * How to show one token: a leading space as `·`, control characters as pictures, bytes that are not a whole
   * character as `\xE2`, a continued word with its `##`. Errors: `argument` for an id outside the vocabulary.
   */
  tokenText(id: number): string;
  /** The id of a vocabulary entry, or of a text that is exactly one token; undefined when it is neither. */
  idOf(token: string): number | undefined;
}

/**
 * Reads tokenizer.json (and tokenizer_config.json, config.json where present) of a model folder.
 * Errors: `not-found` without tokenizer.json, `parse` for malformed files, `unsupported` for an unknown tokenizer part.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const file = join(folder, 'tokenizer.json');
  const json = await readJsonObject(file);
  if (json === undefined) {
    throw new MechanistError('not-found', 'The model folder has no tokenizer.', {
      file, hint: 'Token ids can be given directly: --inputs FILE.safetensors with input_ids.',
    });
  }
  const config = (await readJsonObject(join(folder, 'tokenizer_config.json'))) ?? {};
  const modelConfig = (await readJsonObject(join(folder, 'config.json'))) ?? {};
  return buildTokenizer(json, config, modelConfig, file);
}

/** The parts of transformers.js's tokenizer that this file relies on. */
interface Inner {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[]; tokens: string[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  readonly normalizer: Normalizer | null;
}

interface Normalizer {
  readonly config: { readonly type?: string };
  readonly normalizers?: readonly (Normalizer | null)[];
  normalize(text: string): string;
}

/** Ids index arrays inside the library, so a hostile id must not reach it. */
const largestId = 2 ** 24;

async function buildTokenizer(rawJson: JsonObject, rawConfig: JsonObject, modelConfig: JsonObject, file: string): Promise<Tokenizer> {
  const json = checkedJson(rawJson, file);
  const inner = await innerTokenizer(json, rawConfig, file);
  const surface = surfaceOf(json);
  const added = new Map(json.added_tokens.map((token) => [token.content, token]));
  const normalize = clusterNormalizer(inner.normalizer, surface);
  const vocabSize = largestKnownId(json) + 1;

  const special = (name: string): number | undefined => {
    const fromConfig = rawConfig[`${name}_token`];
    const content = typeof fromConfig === 'string' ? fromConfig : (fromConfig as { content?: unknown } | null | undefined)?.content;
    const id = typeof content === 'string' ? inner.token_to_id(content) : undefined;
    const configured = modelConfig[`${name}_token_id`];
    return id ?? (Number.isInteger(configured) ? (configured as number) : undefined);
  };

  const entry = (id: number): string => {
    const token = Number.isInteger(id) && id >= 0 ? inner.id_to_token(id) : undefined;
    if (token === undefined) throw new MechanistError('argument', `Token id ${id} is not in the vocabulary of ${vocabSize} entries.`, { file });
    return token;
  };

  const surfaceOfToken = (token: string, id: number): TokenSurface => {
    if (token === surface.unknownToken) return { kind: 'unknown', unit: surface.unknownUnit, text: token };
    if (added.get(token)?.id === id) return { kind: 'literal', text: token, bytes: utf8(surface.fold(token)) };
    return { kind: 'bytes', bytes: surface.bytesOf(token) };
  };

  const encodeBare = (text: string): { ids: number[]; tokens: string[] } => inner.encode(text, { add_special_tokens: false });
  const before = tokensAddedBefore(inner);

  return {
    vocabSize,
    bosId: special('bos'),
    eosId: special('eos'),
    padId: special('pad'),
    encode(text, { addSpecialTokens = true } = {}) {
      const bare = encodeBare(text);
      const spans = alignTokens(alignable(text, normalize), bare.tokens.map((token, i) => surfaceOfToken(token, bare.ids[i]!)));
      if (!addSpecialTokens) return { ids: bare.ids, tokens: bare.tokens, offsets: spans };
      const { ids, tokens } = inner.encode(text, { add_special_tokens: true });
      const after = ids.length - bare.ids.length - before;
      return { ids, tokens, offsets: [...emptySpans(before, 0), ...spans, ...emptySpans(after, text.length)] };
    },
    decode(ids) {
      for (const id of ids) entry(id);
      return ids.length === 0 ? '' : inner.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    tokenText(id) {
      const token = entry(id);
      if (added.has(token) || token === surface.unknownToken) return token;
      return `${surface.continuesWord(token) ? '##' : ''}${displayBytes(surface.bytesOf(token))}`;
    },
    idOf(token) {
      const id = inner.token_to_id(token);
      if (id !== undefined) return id;
      const { ids, tokens } = encodeBare(token);
      return ids.length === 1 && tokens[0] !== surface.unknownToken ? ids[0] : undefined;
    },
  };
}

async function innerTokenizer(json: TokenizerJson, config: JsonObject, file: string): Promise<Inner> {
  const library = await transformersLibrary();
  const name = typeof config['tokenizer_class'] === 'string' ? config['tokenizer_class'].replace(/Fast$/, '') : '';
  const named: unknown = name.endsWith('Tokenizer') ? (library as unknown as JsonObject)[name] : undefined;
  const Class = (typeof named === 'function' && named.prototype instanceof library.PreTrainedTokenizer ? named : library.PreTrainedTokenizer) as
    new (json: TokenizerJson, config: JsonObject) => unknown;
  try {
    return (new Class(json, config) as { _tokenizer: Inner })._tokenizer;
  } catch (error) {
    const statement = error instanceof Error ? error.message : String(error);
    const unknownPart = /^Unknown .* type/.test(statement);
    throw new MechanistError(unknownPart ? 'unsupported' : 'parse', `The tokenizer could not be built: ${statement}.`, { file, cause: error });
  }
}

/** Normalises one cluster. Parts that look at the whole text (prefixes, trimming) are left out; alignment allows for them. */
function clusterNormalizer(normalizer: Normalizer | null, surface: Surface): ((cluster: string) => string) | undefined {
  if (normalizer === null) return surface.byteLevel ? undefined : surface.fold;
  const steps = flatten(normalizer).filter(({ config }) => config.type !== 'Prepend' && config.type !== 'Strip');
  return (cluster) => surface.fold(steps.reduce((text, step) => step.normalize(text), cluster));
}

function flatten(normalizer: Normalizer | null): Normalizer[] {
  if (normalizer === null) return [];
  return normalizer.normalizers === undefined ? [normalizer] : normalizer.normalizers.flatMap(flatten);
}

/** How many special tokens go in front of a text. */
function tokensAddedBefore(inner: Inner): number {
  const probe = 'a';
  const bare = inner.encode(probe, { add_special_tokens: false }).ids;
  const full = inner.encode(probe, { add_special_tokens: true }).ids;
  for (let at = 0; at + bare.length <= full.length; at++) {
    if (bare.length > 0 && bare.every((id, i) => full[at + i] === id)) return at;
  }
  return 0;
}

function emptySpans(count: number, at: number): Span[] {
  return Array.from({ length: count }, (): Span => [at, at]);
}

function displayBytes(bytes: readonly number[]): string {
  let shown = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    shown += length === 0 ? `\\x${bytes[at]!.toString(16).toUpperCase().padStart(2, '0')}` : decoder.decode(Uint8Array.from(bytes.slice(at, at + length)));
    at += Math.max(1, length);
  }
  return shown.replace(/^ +/, (spaces) => '·'.repeat(spaces.length)).replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll('\r', '␍');
}

const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Bytes of the whole UTF-8 character at `at`, or 0 when there is none. */
function characterLength(bytes: readonly number[], at: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead >= 0xf5 || length === 0 || at + length > bytes.length) return 0;
  for (let k = 1; k < length; k++) if ((bytes[at + k]! & 0xc0) !== 0x80) return 0;
  return length;
}

function checkedJson(json: JsonObject, file: string): TokenizerJson {
  const { model, added_tokens: added = [], normalizer = null, pre_tokenizer = null, post_processor = null, decoder: decoderJson = null } = json;
  if (!isJsonObject(model)) throw new MechanistError('parse', 'There is no tokenizer model.', { file, field: 'model' });
  if (!Array.isArray(added)) throw new MechanistError('parse', 'The added tokens are not a list.', { file, field: 'added_tokens' });
  for (const [i, token] of added.entries()) {
    if (!isJsonObject(token) || typeof token['content'] !== 'string' || token['content'] === '' || !isId(token['id'])) {
      throw new MechanistError('parse', 'An added token needs a content and an id.', { file, field: `added_tokens[${i}]` });
    }
  }
  const { vocab } = model;
  if (!Array.isArray(vocab)) {
    if (!isJsonObject(vocab)) throw new MechanistError('parse', 'There is no vocabulary.', { file, field: 'model.vocab' });
    for (const [token, id] of Object.entries(vocab)) {
      if (!isId(id)) throw new MechanistError('parse', `The id of ${JSON.stringify(token)} is not an integer below ${largestId}.`, { file, field: 'model.vocab' });
    }
  }
  return { ...json, model, added_tokens: added as AddedTokenJson[], normalizer, pre_tokenizer, post_processor, decoder: decoderJson } as TokenizerJson;
}

function largestKnownId(json: TokenizerJson): number {
  const vocab = json.model['vocab'];
  let largest = Array.isArray(vocab) ? vocab.length - 1 : -1;
  if (!Array.isArray(vocab)) for (const id of Object.values(vocab as Record<string, number>)) largest = Math.max(largest, id);
  for (const { id } of json.added_tokens) largest = Math.max(largest, id);
  return largest;
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < largestId;
}
