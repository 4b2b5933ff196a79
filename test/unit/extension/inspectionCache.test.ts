import { describe, expect, it } from 'vitest';
import { InspectionCache, tokenAt, tokensIn } from '../../../src/extension/inspection/inspectionCache.ts';
import type { InspectedWindow, InspectionKey } from '../../../src/extension/inspection/inspectionCache.ts';
import type { InspectedToken } from '../../../src/protocol/methods.ts';
import { token } from './fakes.ts';

const key: InspectionKey = { document: 'file:///a', version: 1, model: 'm', dictionary: undefined, span: 100 };

describe('the cache of inspections', () => {
  it.each<[string, Partial<InspectionKey>]>([
    ['version', { version: 2 }], ['document', { document: 'file:///b' }], ['model', { model: 'n' }], ['dictionary', { dictionary: 'd' }], ['plan', { span: 90 }],
  ])('keeps results of another %s apart', (_, other) => {
    const cache = new InspectionCache(8);
    cache.set(key, entry(0));
    expect(cache.get({ ...key, ...other }, 0)).toBeUndefined();
    expect(cache.get(key, 0)).toBeDefined();
  });

  it('drops what was not used for longest', () => {
    const cache = new InspectionCache(2);
    cache.set(key, entry(0));
    cache.set(key, entry(1));
    cache.get(key, 0);
    cache.set(key, entry(2));
    expect([0, 1, 2].map((index) => cache.get(key, index) !== undefined)).toEqual([true, false, true]);
  });

  it('forgets a document whose name begins another’s without touching that one', () => {
    const cache = new InspectionCache(8);
    cache.set(key, entry(0));
    cache.set({ ...key, document: 'file:///a.txt' }, entry(0));
    cache.forgetDocument('file:///a');
    expect(cache.get(key, 0)).toBeUndefined();
    expect(cache.size).toBe(1);
  });
});

describe('the token at an offset', () => {
  const inspected = entry(1, [token('a', 0), token(' b', 1), token('\r\n', 3)], 50);

  it.each([[50, 'a'], [51, ' b'], [52, ' b'], [53, '\r\n'], [54, '\r\n']])('%i is in %j', (offset, text) => {
    expect(tokenAt(inspected, offset)?.token.text).toBe(text);
  });

  it('has its range in the document', () => {
    expect(tokenAt(inspected, 52)).toMatchObject({ index: 1, start: 51, end: 53 });
  });

  it('does not exist outside what was read', () => {
    expect([49, 55].map((offset) => tokenAt(inspected, offset))).toEqual([undefined, undefined]);
  });

  it('is the first of those that share a split character, and all of them belong to its word', () => {
    const bytes = [0, 1, 2, 3].map((id) => token('�', 0, { id, end: 2 }));
    const emoji = entry(0, [...bytes, token('!', 2)], 0);
    expect(tokenAt(emoji, 0)?.index).toBe(0);
    expect(tokenAt(emoji, 1)?.index).toBe(0);
    expect(tokensIn(emoji, 0, 2)).toHaveLength(4);
  });
});

function entry(index: number, tokens: InspectedToken[] = [], start = 0): InspectedWindow {
  return { window: { index, start, end: start + 10, ownStart: start, ownEnd: start + 10 }, inspection: { tokens, dictionary: undefined, leftOut: 0 } };
}
