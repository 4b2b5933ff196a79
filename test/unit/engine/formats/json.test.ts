import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src/engine/formats/json.ts';
import type { JsonValue } from '../../../../src/engine/formats/json.ts';
import { failureOf } from '../../../support/failure.ts';

/** Maps as plain objects without a prototype. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.assign(Object.create(null) as object, Object.fromEntries([...value].map(([key, item]) => [key, plain(item as JsonValue)])));
  return Array.isArray(value) ? (value as JsonValue[]).map(plain) : value;
}

describe('what it reads', () => {
  test('agrees with JSON.parse on every value', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(0, 2), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      expect(plain(parseJson(Buffer.from(spaced)))).toEqual(JSON.parse(spaced));
    }), { seed: 1, numRuns: 500 });
  });

  test('agrees with JSON.parse on what is JSON at all', () => {
    const fragment = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', '-', '0', '.5', 'e3', 'true', 'nul', 'null', ' ', '"', '\\', '\n', '+1', '01');
    fc.assert(fc.property(fc.array(fragment, { maxLength: 8 }), (parts) => {
      const text = parts.join('');
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        expect(failureOf(() => parseJson(text)).reason).toBe('parse');
        return;
      }
      if (/"([ab])".*"\1" *:/s.test(text)) return;
      expect(plain(parseJson(text))).toEqual(expected);
    }), { seed: 2, numRuns: 3000 });
  });

  test('keys that are special to JavaScript are ordinary', () => {
    const value = parseJson('{"__proto__":{"polluted":1},"constructor":2,"2":3,"1":4}') as Map<string, JsonValue>;
    expect([...value.keys()]).toEqual(['__proto__', 'constructor', '2', '1']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('what it refuses', () => {
  test.each([
    ['a duplicate key', '{"a":1,"b":{"c":1,"c":2}}', 'b › c'],
    ['a duplicate key spelt with an escape', '{"ab":1,"a\\u0062":2}', 'ab'],
    ['a number too large for a double', '[1e999]', undefined],
    ['NaN', '[NaN]', undefined],
    ['Infinity', '[-Infinity]', undefined],
    ['an unpaired surrogate', '["\\ud800"]', undefined],
    ['text after the value', '{} {}', undefined],
    ['a trailing comma', '[1,]', undefined],
    ['a comment', '[1/**/]', undefined],
    ['a raw line break in a string', '["a\nb"]', undefined],
    ['an unterminated string', '["a', undefined],
    ['an escaped end', '["a\\"', undefined],
    ['a NUL after the value', '{}\0', undefined],
    ['nothing', '', undefined],
    ['a byte order mark', '\ufeff{}', undefined],
  ])('%s', (_, text, field) => {
    const error = failureOf(() => parseJson(Buffer.from(text), { file: 'x.json' }));
    expect(error).toMatchObject({ reason: 'parse', file: 'x.json', field });
  });

  test('bytes that are not UTF-8', () => {
    expect(failureOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), { file: 'x.json' }))).toMatchObject({ reason: 'parse', file: 'x.json' });
  });

  test('nesting beyond the limit, however deep', () => {
    expect(parseJson('['.repeat(64) + ']'.repeat(64))).toBeInstanceOf(Array);
    expect(failureOf(() => parseJson('['.repeat(65) + ']'.repeat(65))).message).toContain('deeper than 64');
    expect(failureOf(() => parseJson('{"a":'.repeat(1e6))).message).toContain('deeper than 64');
  });

  test('more bytes, values or objects than allowed', () => {
    expect(failureOf(() => parseJson('[1,2,3]', { maxBytes: 6 })).reason).toBe('memory');
    expect(failureOf(() => parseJson('[1,2,3]', { maxValues: 3 })).reason).toBe('memory');
    expect(failureOf(() => parseJson('[{},{}]', { maxObjects: 1 })).reason).toBe('memory');
  });
});
