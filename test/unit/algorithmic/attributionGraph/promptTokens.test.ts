/** A text as the tokens of a graph: behind a special token. */
import { expect, it } from 'vitest';
import { promptTokens, tokenTexts } from '../../../../src/algorithmic/attributionGraph/promptTokens.ts';
import { MechanistError } from '../../../../src/engine/errors.ts';
import type { Tokenizer } from '../../../../src/engine/models/tokenizer.ts';

const tokenizer = (ids: readonly number[], special: Partial<Pick<Tokenizer, 'bosId' | 'padId' | 'eosId'>>): Tokenizer => ({
  vocabSize: 10, bosId: undefined, padId: undefined, eosId: undefined, ...special,
  encode: (_, { addSpecialTokens = true } = {}) => ({ ids: addSpecialTokens ? [9, ...ids, 9] : [...ids], tokens: [], offsets: [] }),
  decode([id]) {
    if (id! >= 10) throw new MechanistError('argument', 'outside');
    return `<${id}>`;
  },
  tokenText: String, idOf: () => undefined,
});

it.each<[string, Parameters<typeof tokenizer>[1], readonly number[], readonly number[]]>([
  ['the beginning of text first', { bosId: 1, padId: 2, eosId: 3 }, [5, 6], [1, 5, 6]],
  ['padding where there is no beginning', { padId: 2, eosId: 3 }, [5, 6], [2, 5, 6]],
  ['the end where there is nothing else', { eosId: 3 }, [5, 6], [3, 5, 6]],
  ['no second one', { bosId: 1, eosId: 3 }, [3, 5], [3, 5]],
  ['none where the vocabulary has none', {}, [5, 6], [5, 6]],
])('puts %s', (_, special, ids, expected) => {
  expect(promptTokens(tokenizer(ids, special), 'text')).toEqual(expected);
});

it('writes tokens as their text, or their number where there is none', () => {
  expect([5, 12].map(tokenTexts(tokenizer([], {})))).toEqual(['<5>', '12']);
  expect(tokenTexts(undefined)(5)).toBe('5');
});
