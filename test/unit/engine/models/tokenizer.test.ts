import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { loadTokenizer, type Tokenizer } from '../../../../src/engine/models/tokenizer.ts';
import { byteLevelBpe, folderWith, metaspaceBpe, unigram, wordPiece } from './tokenizerFixtures.ts';

const load = async (json: object, config: object = {}): Promise<Tokenizer> =>
  loadTokenizer(await folderWith({ 'tokenizer.json': json, 'tokenizer_config.json': config }));

const gpt2 = await load(byteLevelBpe(), { tokenizer_class: 'GPT2Tokenizer', bos_token: '<|endoftext|>', eos_token: '<|endoftext|>' });
const prefixed = await load(byteLevelBpe({ addPrefixSpace: true }));
const composing = await load(byteLevelBpe({ normalizer: { type: 'NFC' } }), { tokenizer_class: 'Qwen2Tokenizer' });
const llama = await load(metaspaceBpe(), { tokenizer_class: 'LlamaTokenizer', bos_token: { __type: 'AddedToken', content: '<s>' }, eos_token: '</s>' });
const bert = await load(wordPiece(), { tokenizer_class: 'BertTokenizer', pad_token: '[PAD]' });
const t5 = await load(unigram());

/** Each token with the text of its span. */
function spelled(tokenizer: Tokenizer, text: string, addSpecialTokens = true): [string, string][] {
  const { tokens, offsets } = tokenizer.encode(text, { addSpecialTokens });
  return tokens.map((token, i) => [token, text.slice(...offsets[i]!)]);
}

/** The text as UTF-8 can hold it: lone surrogates become U+FFFD. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

describe('offsets of single examples', () => {
  it.each<[string, Tokenizer, string, [string, string][]]>([
    ['byte-level', gpt2, 'the cat', [['the', 'the'], ['Ġcat', ' cat']]],
    ['byte-level, several spaces', gpt2, 'the   cat', [['the', 'the'], ['ĠĠ', '  '], ['Ġcat', ' cat']]],
    ['byte-level, line ends', gpt2, 'a\r\nb\r\n', [['a', 'a'], ['č', '\r'], ['Ċ', '\n'], ['b', 'b'], ['čĊ', '\r\n']]],
    ['byte-level, an emoji split over tokens', gpt2, 'a😀b', [['a', 'a'], ['ðŁĺ', '😀'], ['Ģ', '😀'], ['b', 'b']]],
    ['byte-level, a token over a space and half a letter', gpt2, 'a é', [['a', 'a'], ['ĠÃ', ' é'], ['©', 'é']]],
    ['byte-level, a special token in the text', gpt2, 'a<|endoftext|>b', [['a', 'a'], ['<|endoftext|>', '<|endoftext|>'], ['b', 'b']]],
    ['byte-level, an added space', prefixed, 'the cat', [['Ġthe', 'the'], ['Ġcat', ' cat']]],
    ['byte-level, composed by the normaliser', composing, 'e\u0301a', [['Ã©', 'e\u0301'], ['a', 'a']]],
    ['metaspace', llama, 'the cat', [['<s>', ''], ['▁the', 'the'], ['▁', ' '], ['cat', 'cat']]],
    ['metaspace, real space first', llama, ' the', [['<s>', ''], ['▁', ''], ['▁the', ' the']]],
    ['metaspace, bytes', llama, 'a☃b', [['<s>', ''], ['▁', ''], ['a', 'a'], ['<0xE2>', '☃'], ['<0x98>', '☃'], ['<0x83>', '☃'], ['b', 'b']]],
    ['metaspace, special token in the text', llama, 'a</s>b', [['<s>', ''], ['▁', ''], ['a', 'a'], ['</s>', '</s>'], ['▁', ''], ['b', 'b']]],
    ['WordPiece', bert, 'The cafés, in', [['[CLS]', ''], ['the', 'The'], ['caf', 'caf'], ['##e', 'é'], ['##s', 's'], [',', ','], ['i', 'i'], ['##n', 'n'], ['[SEP]', '']]],
    ['WordPiece, unknown word', bert, 'the zebra, cat', [['[CLS]', ''], ['the', 'the'], ['[UNK]', 'zebra'], [',', ','], ['cat', 'cat'], ['[SEP]', '']]],
    ['WordPiece, unknown words around', bert, 'q the w', [['[CLS]', ''], ['[UNK]', 'q'], ['the', 'the'], ['[UNK]', 'w'], ['[SEP]', '']]],
    ['WordPiece, unknown word and the unknown token written out', bert, 'zebra [UNK] the', [['[CLS]', ''], ['[UNK]', 'zebra'], ['[UNK]', '[UNK]'], ['the', 'the'], ['[SEP]', '']]],
    ['WordPiece, mask', bert, 'the [MASK].', [['[CLS]', ''], ['the', 'the'], ['[MASK]', '[MASK]'], ['.', '.'], ['[SEP]', '']]],
    ['WordPiece, ideographs', bert, '中中', [['[CLS]', ''], ['中', '中'], ['中', '中'], ['[SEP]', '']]],
    ['WordPiece, final sigma', bert, 'ΩΣ cat', [['[CLS]', ''], ['ω', 'Ω'], ['##ς', 'Σ'], ['cat', 'cat'], ['[SEP]', '']]],
    ['WordPiece, control characters', bert, 'th\u0000e cat', [['[CLS]', ''], ['the', 'th\u0000e'], ['cat', 'cat'], ['[SEP]', '']]],
    ['Unigram', t5, 'the cat.', [['▁the', 'the'], ['▁cat', ' cat'], ['.', '.']]],
    ['Unigram, unknown run', t5, 'the xyz cat', [['▁the', 'the'], ['▁', ' '], ['xyz', 'xyz'], ['▁cat', ' cat']]],
  ])('%s', (_, tokenizer, text, expected) => {
    expect(spelled(tokenizer, text)).toEqual(expected);
  });
});

describe('offsets of any text', () => {
  const anyText = fc.string({
    unit: fc.oneof(
      fc.constantFrom('the', ' the', ' cat', ' ', '  ', '\r\n', '\n', '😀', '👩‍👩‍👧', 'e\u0301', 'é', 'Å', 'ﬁ', '한', '각', '中', '▁', '12', '<s>', "'s", '\u0000', '\ud800'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 24,
  });
  const kinds: [string, Tokenizer][] = [['byte-level', gpt2], ['byte-level with prefix', prefixed], ['byte-level with NFC', composing], ['metaspace', llama], ['WordPiece', bert], ['Unigram', t5]];

  it.each(kinds)('%s: spans lie in the text and never go back', (_, tokenizer) => {
    fc.assert(fc.property(anyText, (text) => {
      const { ids, tokens, offsets } = tokenizer.encode(text);
      expect(offsets.length).toBe(ids.length);
      expect(tokens.length).toBe(ids.length);
      let last = [0, 0];
      for (const [start, end] of offsets) {
        expect(start).toBeGreaterThanOrEqual(last[0]!);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBeGreaterThanOrEqual(last[1]!);
        expect(end).toBeLessThanOrEqual(text.length);
        last = [start, end];
      }
    }), { numRuns: 200 });
  });

  it.each([kinds[0]!, kinds[1]!, kinds[2]!, kinds[3]!])('%s: spans cover the whole text', (_, tokenizer) => {
    fc.assert(fc.property(anyText, (text) => {
      let covered = 0;
      for (const [start, end] of tokenizer.encode(text, { addSpecialTokens: false }).offsets) {
        expect(start).toBeLessThanOrEqual(covered);
        covered = Math.max(covered, end);
      }
      expect(covered).toBe(text.length);
    }), { numRuns: 200 });
  });

  it('byte-level: a token of whole characters decodes to the text of its span', () => {
    let whole = 0;
    fc.assert(fc.property(anyText, (text) => {
      const clean = wellFormed(text).replaceAll('\ufffd', '');
      const { ids, offsets } = gpt2.encode(clean);
      for (const [i, id] of ids.entries()) {
        const decoded = gpt2.decode([id]);
        if (decoded.includes('\ufffd')) continue;
        expect(decoded).toBe(clean.slice(...offsets[i]!));
        whole++;
      }
    }), { numRuns: 200 });
    expect(whole).toBeGreaterThan(200);
  });

  it('byte-level: decoding gives the text back', () => {
    fc.assert(fc.property(anyText, (text) => {
      expect(gpt2.decode(gpt2.encode(text).ids)).toBe(wellFormed(text));
    }), { numRuns: 200 });
  });
});

describe('vocabulary', () => {
  it('knows its size and special ids', () => {
    expect([gpt2.vocabSize, gpt2.bosId, gpt2.eosId, gpt2.padId]).toEqual([271, 0, 0, undefined]);
    expect([llama.bosId, llama.eosId]).toEqual([1, 2]);
    expect(bert.padId).toBe(0);
  });

  it('falls back on the ids of config.json', async () => {
    const tokenizer = await loadTokenizer(await folderWith({ 'tokenizer.json': byteLevelBpe(), 'config.json': { eos_token_id: 5, bos_token_id: null } }));
    expect([tokenizer.bosId, tokenizer.eosId]).toEqual([undefined, 5]);
  });

  it.each<[Tokenizer, string, string]>([
    [gpt2, 'Ġthe', '·the'], [gpt2, 'Ċ', '↵'], [gpt2, 'ðŁĺ', '\\xF0\\x9F\\x98'], [gpt2, 'ĠÃ', '·\\xC3'], [gpt2, 'Ã©', 'é'],
    [llama, '▁the', '·the'], [llama, '<0x0A>', '↵'], [llama, '<0xE2>', '\\xE2'], [llama, '<s>', '<s>'],
    [bert, '##happy', '##happy'], [bert, 'the', 'the'], [bert, '[UNK]', '[UNK]'], [t5, '▁cat', '·cat'],
  ])('shows a token: %#', (tokenizer, token, shown) => {
    expect(tokenizer.tokenText(tokenizer.idOf(token)!)).toBe(shown);
  });

  it('finds the id of an entry and of a text that is one token', () => {
    expect(gpt2.idOf(' the')).toBe(gpt2.idOf('Ġthe'));
    expect(gpt2.idOf('the cat')).toBeUndefined();
    expect(bert.idOf('zebra')).toBeUndefined();
  });

  it.each([-1, 271, 1.5])('refuses id %s', (id) => {
    expect(() => gpt2.tokenText(id)).toThrow(MechanistError);
    expect(() => gpt2.decode([id])).toThrow(MechanistError);
  });

  it('decodes nothing to nothing', () => {
    expect(gpt2.decode([])).toBe('');
  });
});

describe('bad folders', () => {
  const valid = byteLevelBpe() as Record<string, unknown>;
  it.each<[string, Record<string, unknown>, string]>([
    ['no tokenizer', {}, 'not-found'],
    ['not JSON', { 'tokenizer.json': '{"model": ' }, 'parse'],
    ['not an object', { 'tokenizer.json': '[]' }, 'parse'],
    ['no model', { 'tokenizer.json': { ...valid, model: undefined } }, 'parse'],
    ['a vocabulary of the wrong type', { 'tokenizer.json': { ...valid, model: { type: 'BPE', vocab: 3, merges: [] } } }, 'parse'],
    ['an id beyond any vocabulary', { 'tokenizer.json': { ...valid, model: { type: 'BPE', vocab: { a: 4e9 }, merges: [] } } }, 'parse'],
    ['a negative added id', { 'tokenizer.json': { ...valid, added_tokens: [{ id: -1, content: 'x' }] } }, 'parse'],
    ['merges of the wrong type', { 'tokenizer.json': { ...valid, model: { type: 'BPE', vocab: {}, merges: 7 } } }, 'parse'],
    ['an unknown normaliser', { 'tokenizer.json': { ...valid, normalizer: { type: 'Rot13' } } }, 'unsupported'],
    ['a malformed config', { 'tokenizer.json': valid, 'tokenizer_config.json': 'x' }, 'parse'],
  ])('%s', async (_, files, reason) => {
    const folder = await folderWith(files);
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ name: 'MechanistError', reason, file: expect.stringContaining(folder) });
  });

  it('says that ids can be given directly when there is no tokenizer', async () => {
    await expect(loadTokenizer(await folderWith({}))).rejects.toThrow(/--inputs/);
  });
});
