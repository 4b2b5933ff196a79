/** Tiny tokenizers of every kind, in the layout of tokenizer.json. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes files into a fresh folder; values that are not strings are written as JSON. */
export async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mechanist-tokenizer-'));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** GPT-2 style: the byte alphabet, a few merges (one across bytes of different characters), `<|endoftext|>`. */
export function byteLevelBpe(options: { addPrefixSpace?: boolean; normalizer?: unknown } = {}): object {
  const alphabet = Array.from({ length: 256 }, (_, byte) => byteLetter(byte));
  const merges = ['t h', 'th e', 'Ġ the', 'Ġ Ġ', 'c a', 'ca t', 'Ġ cat', 'ð Ł', 'ðŁ ĺ', 'Ġ Ã', 'Ã ©', '1 2', "' s", 'č Ċ'];
  return {
    version: '1.0',
    added_tokens: [{ id: 0, content: '<|endoftext|>', special: true, normalized: false }],
    normalizer: options.normalizer ?? null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: options.addPrefixSpace ?? false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: vocabulary(['<|endoftext|>', ...alphabet, ...merges.map((merge) => merge.replace(' ', ''))]), merges },
  };
}

/** Llama style: `▁` for a space, one in front of the text, byte fallback, `<s>` before it. */
export function metaspaceBpe(): object {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const letters = [...'▁abcdefghijklmnopqrstuvwxyzABCDE.,é'];
  const merges = ['▁ t', '▁t h', '▁th e', 'c a', 'ca t', '▁ ▁'];
  return {
    version: '1.0',
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: {},
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true, merges,
      vocab: vocabulary(['<unk>', '<s>', '</s>', ...bytes, ...letters, ...merges.map((merge) => merge.replace(' ', ''))]),
    },
  };
}

/** BERT style: lower case without accents, `##` continuations, [CLS] … [SEP]. */
export function wordPiece(): object {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const words = ['the', 'cat', 'caf', '##e', '##s', '##t', 'un', '##happy', 'ω', '##ς', ',', '.', '!', '中', 'i', '##n', 'e', 's'];
  return {
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100,
      vocab: vocabulary([...special, ...words]),
    },
  };
}

/** T5 style: scored pieces, `▁`, unknown characters fused. */
export function unigram(): object {
  const pieces = ['<unk>', '▁', '▁the', '▁c', 'at', 'a', 't', 'h', 'e', 'c', '▁cat', '.'];
  return {
    version: '1.0',
    added_tokens: [{ id: 0, content: '<unk>', special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: 0, vocab: pieces.map((piece, i) => [piece, -1 - i / 10]) },
  };
}

function vocabulary(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** The letter of a byte in GPT-2's alphabet, from its definition: unprintable bytes are numbered on from U+0100. */
function byteLetter(byte: number): string {
  const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  if (printable.includes(byte)) return String.fromCharCode(byte);
  const unprintable = range(0, 255).filter((other) => !printable.includes(other));
  return String.fromCharCode(0x100 + unprintable.indexOf(byte));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
