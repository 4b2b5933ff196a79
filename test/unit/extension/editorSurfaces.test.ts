/** Lenses of prompt pairs, surprise hints, memory limit, last model, and what is said of an engine's end. */
import { describe, expect, it } from 'vitest';
import { looksLikePair } from '../../../src/extension/inspection/pairLine.ts';
import { hintsOf } from '../../../src/extension/inspection/surprises.ts';
import { lastModel } from '../../../src/extension/models/lastModel.ts';
import { memoryLimit } from '../../../src/extension/models/memoryLimit.ts';
import { crashText, silenceText } from '../../../src/extension/process/condition.ts';
import { english, token } from './fakes.ts';

it.each([
  ['{"clean": "a", "corrupted": "b", "answers": [" c"]}', true],
  ['  {"clean_prefix": "a", "patch_prefix": "b"}', true],
  ['{"clean": "a"}', false],
  ['"clean": 1, "corrupted": 2', false],
  [`{"clean": "a", "corrupted": "${'b'.repeat(30_000)}"}`, false],
])('%.40s is offered as a prompt pair: %s', (line, offered) => {
  expect(looksLikePair(line)).toBe(offered);
});

describe('a surprise hint', () => {
  const window = { index: 0, start: 100, end: 200, ownStart: 100, ownEnd: 200 };
  const tokens = [
    token('When', 0, { surprise: undefined }), token(' Mary', 4, { surprise: 7.18, expected: [{ token: ' the', id: 1, probability: 0.4 }] }),
    token(' and', 9, { surprise: 0.2 }), token('\n', 13, { surprise: 9 }),
  ];

  it('stands behind each token that was not expected, and says what was', () => {
    expect(hintsOf({ window, inspection: { tokens, dictionary: undefined, leftOut: 0 } }, 100, 200)).toEqual([{ at: 109, bits: '7.2', expected: '“␣the” 40 %' }]);
  });

  it('is given for the part that was asked for', () => {
    expect(hintsOf({ window, inspection: { tokens, dictionary: undefined, leftOut: 0 } }, 105, 200)).toEqual([]);
  });
});

it.each([
  [2, 16e9, 0, 2e9],
  [0, 16e9, 0, 12e9],
  [0, 16e9, 4e9, 3e9],
  [0, 16e9, 64e9, 12e9],
])('a limit of %d GB on %d bytes, confined to %d, is %d bytes', (setting, total, constrained, limit) => {
  expect(memoryLimit(setting, total, constrained)).toBe(limit);
});

describe('the model that was used last', () => {
  const memory = (value: unknown) => ({ get: () => value, update: () => Promise.resolve() });
  const folder = { source: { kind: 'folder', path: '/models/mine' }, dictionary: 'res' };

  it('is used again', () => {
    expect(lastModel(memory(folder), true)).toEqual(folder);
  });

  it.each([
    ['from disk in a workspace that is not trusted', folder, false],
    ['from the hub, which would use the network', { source: { kind: 'hub', id: 'a/b' } }, true],
    ['that cannot be read', { source: { kind: 'folder' } }, true],
    ['that never was', undefined, true],
  ])('is none %s', (_, value, trusted) => {
    expect(lastModel(memory(value), trusted)).toBeUndefined();
  });
});

describe('the end of an engine', () => {
  const crash = { kind: 'crashed' as const, running: [{ method: 'model.open', opening: '/models/big' }], signal: 'SIGABRT', code: null, hung: false, restarting: true };

  it.each([
    [crash, 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'The engine ran out of memory and ended (SIGABRT).'],
    [crash, 'std::bad_alloc', 'The engine ran out of memory and ended (SIGABRT).'],
    [crash, '', 'The engine ended unexpectedly (SIGABRT). It was working on: model.open /models/big.'],
    [{ ...crash, signal: 'SIGKILL' }, '', 'as when memory runs out'],
    [{ ...crash, signal: null, code: 3 }, '', 'exit code 3'],
    [{ ...crash, hung: true }, '', 'did not respond'],
  ])('is explained', (state, lastWords, said) => {
    expect(crashText(state, lastWords, english)).toContain(said);
  });

  it('is not claimed of one that is only silent', () => {
    expect(silenceText({ kind: 'busy', calls: 1, silent: true, running: [{ method: 'text.lens', opening: undefined }] }, english)).toMatch(/has not answered.*text\.lens/);
  });
});
