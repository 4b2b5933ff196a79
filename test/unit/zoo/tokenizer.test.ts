import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { AutoTokenizer, env } from '@huggingface/transformers';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { generate, textKinds } from '../../../zoo/corpus/generate.ts';
import { bracketPairs } from '../../../zoo/corpus/kinds/brackets.ts';
import { functionNames, parameterNames } from '../../../zoo/corpus/kinds/docstring.ts';
import { agreeingVerbs } from '../../../zoo/corpus/kinds/agreement.ts';
import { fields } from '../../../zoo/corpus/lexicon/fields.ts';
import { names } from '../../../zoo/corpus/lexicon/names.ts';
import { CorpusRandom } from '../../../zoo/corpus/random.ts';
import { splits } from '../../../zoo/corpus/split.ts';
import { fableVocabulary } from '../../../zoo/tokenizer/build.ts';
import { loadFableTokenizer } from '../../../zoo/tokenizer/encode.ts';
import { tokenizerJson } from '../../../zoo/tokenizer/files.ts';
import { trainVocabulary } from '../../../zoo/tokenizer/train.ts';

const tokenizer = loadFableTokenizer();
const folder = new URL('../../../zoo/tokenizer/', import.meta.url);

describe('encoder against the library of record', () => {
  let reference: Awaited<ReturnType<typeof AutoTokenizer.from_pretrained>>;
  beforeAll(async () => {
    env.allowRemoteModels = false;
    reference = await AutoTokenizer.from_pretrained(fileURLToPath(folder));
  });

  const agrees = (text: string): void => {
    const ids = [...tokenizer.encode(text)];
    expect([tokenizer.bos, ...ids], JSON.stringify(text)).toEqual(Array.from(reference.encode(text)));
    expect(tokenizer.decode(ids)).toBe(text);
    // The library refuses to decode nothing.
    if (ids.length > 0) expect(reference.decode(ids, { skip_special_tokens: false })).toBe(text);
  };

  it.each([
    'When Mary and John went to the store, John gave a book to',
    'The war lasted from the year 1732 to the year 17',
    "def f(self, x):\n    return {'a': [12345, x]}\t\n\n",
    "I don't; we'll, they've  two  spaces \n\n\n end ",
    'Grüße, 日本語 العربية ﷽ — “quoted” 👩‍👩‍👧 🎉½ ²',
    'a <bos> in the text<eos><pad>, < bos > not',
    '',
  ])('agrees on %j', (text) => agrees(text));

  it('agrees on corpus documents of every kind and split', () => {
    for (const kind of textKinds) {
      for (const split of splits) {
        const random = new CorpusRandom('tokenizer test', kind, split);
        for (let i = 0; i < 10; i++) agrees(generate(kind, random, split).text);
      }
    }
  });

  it('agrees on arbitrary text', () => {
    // Lone surrogates are not text: neither encoder can give them back.
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => agrees(text.toWellFormed())), { numRuns: 300, seed: 1 });
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => agrees(text.toWellFormed())), { numRuns: 300, seed: 2 });
  });
});

describe('vocabulary', () => {
  it('is what training on the corpus gives', () => {
    expect(tokenizerJson(fableVocabulary())).toEqual(JSON.parse(readFileSync(new URL('tokenizer.json', folder), 'utf8')));
  });

  it('has between 1,000 and 1,500 tokens, all different', () => {
    expect(tokenizer.size).toBeGreaterThanOrEqual(1000);
    expect(tokenizer.size).toBeLessThanOrEqual(1500);
  });

  it.each([
    ['at least 100 names', names.map(({ text }) => ` ${text}`), 100],
    ['every word of the semantic fields', Object.values(fields).flat().map((word) => ` ${word}`), 300],
    ['both forms of agreeing verbs', agreeingVerbs.flatMap(([singular, plural]) => [` ${singular}`, ` ${plural}`]), 6],
    ['closing brackets', bracketPairs.map(([, close]) => close), 4],
    ['parameter and function names', [...parameterNames, ...functionNames].map((name) => ` ${name}`), 60],
    ['two-digit numbers', Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0')), 100],
    ['indentations', ['\n   ', '\n       '], 2],
  ])('makes single tokens of %s', (_, texts, count) => {
    expect(texts.filter((text) => tokenizer.encode(text).length !== 1)).toEqual([]);
    expect(new Set(texts).size).toBeGreaterThanOrEqual(count);
  });

  it('writes a year as two two-digit tokens', () => {
    expect(tokenizer.encode(' 1732').map((id) => tokenizer.decode([id]))).toEqual([' ', '17', '32']);
  });
});

describe('byte pair merges', () => {
  it('joins the most frequent pair first and breaks ties by spelling', () => {
    const { merges } = trainVocabulary(['abab abab cd', 'abab'], { merges: 2, minimalCount: Infinity, always: [] });
    expect(merges[0]).toEqual(['a', 'b']);
    expect(merges[1]).toEqual(['ab', 'ab']);
  });
});
