import { describe, expect, it } from 'vitest';
import { hoverCommands, hoverLines, waitingLines } from '../../../src/extension/inspection/hoverContent.ts';
import type { HoverLine, HoverSubject } from '../../../src/extension/inspection/hoverContent.ts';
import { tokenAt } from '../../../src/extension/inspection/inspectionCache.ts';
import type { InspectedToken } from '../../../src/protocol/methods.ts';
import { dictionary, english, token } from './fakes.ts';

const features = Array.from({ length: 20 }, (_, index) => ({ feature: 137 + index, activation: 4 / (index + 1) }));
const predictions = [{ token: ' John', id: 5, probability: 0.41 }, { token: ' Mary', id: 6, probability: 0.0004 }];
const mary = token(' Mary', 4, { surprise: 1.52, expected: predictions, next: predictions, features });

describe('a hover', () => {
  it('tells the token, its features, what was expected, what comes next, and where to go on', () => {
    expect(lines(subject([token('When', 0), mary]))).toEqual([
      '␣Mary  ▏token 2 of 2 · fable-4l · blocks.2.hook_resid_post',
      '▇▇▇▇▇▇▇▇  4.0  #137',
      '▇▇▇▇▁▁▁▁  2.0  #138  second of two names',
      '▇▇▇▁▁▁▁▁  1.3  #139',
      'expected here: “␣John” 41 % · “␣Mary” < 0.1 % · surprise of this token 1.5 bits',
      'next: “␣John” 41 % · “␣Mary” < 0.1 %',
      '[inspector]  |  [semantic view]  |  [trace this prediction]  |  [paint #137]  |  [layer ▾]  |  [pin]',
    ]);
  });

  it('has at most 12 lines whatever is asked of it', () => {
    const tokens = [token('When', 0), mary, token('land', 9)];
    expect(hoverLines({ ...subject(tokens), features: 100, word: { start: 5, end: 13 } }, english).length).toBeLessThanOrEqual(12);
  });

  it('lists the tokens of a word that has several, with their common surprise', () => {
    const tokens = [token('When', 0), mary, token('land', 9)];
    expect(lines({ ...subject(tokens), word: { start: 5, end: 13 } })[1]).toBe('word of 2 tokens: ␣Mary · land · together 2.5 bits');
  });

  it('says so when nothing preceded the token', () => {
    expect(lines(subject([token('When', 0), token('x', 4, { surprise: undefined })]))).toContain('first token: the model expected nothing yet');
  });

  it('says so when no feature is active, and when there is no dictionary', () => {
    expect(lines(subject([token('When', 0), token('x', 4)]))).toContain('no feature is active here');
    const without = subject([token('When', 0), token('x', 4)]);
    const bare = { ...without, inspected: { ...without.inspected, inspection: { ...without.inspected.inspection, dictionary: undefined } } };
    expect(lines(bare)).toContain('no dictionary is open for this model');
    expect(lines(bare).at(-1)).not.toContain('paint #');
  });

  it('never mixes what comes from a model with its own words', () => {
    const hostile = token('](command:evil)', 4, { expected: [{ token: '<img src=x>', id: 1, probability: 1 }], next: [{ token: '**bold**', id: 1, probability: 1 }] });
    const parts = hoverLines({ ...subject([token('When', 0), hostile]), modelId: '[m](command:x)' }, english).flat();
    const own = parts.filter(({ kind }) => kind === 'text').map((part) => (part.kind === 'text' ? part.text : '')).join('');
    expect(own).not.toMatch(/evil|img|bold|command/);
    expect(parts.flatMap((part) => (part.kind === 'command' ? [part.command] : [])).every((command) => hoverCommands.includes(command))).toBe(true);
  });

  it('shortens a token of any length without parting a character', () => {
    const long = lines(subject([token('When', 0), token('🚀'.repeat(500), 4)]))[0]!;
    expect(long.startsWith(`${'🚀'.repeat(24)}…`)).toBe(true);
  });
});

it('says what it waits for, with links that are allowed', () => {
  expect(waitingLines('Wait.', ['restart', 'log', 'open'], english).map(plain)).toEqual(['Wait.', '[Restart engine]  |  [Show log]  |  [Open model]']);
});

function subject(tokens: InspectedToken[]): HoverSubject {
  const inspected = { window: { index: 0, start: 0, end: 99, ownStart: 0, ownEnd: 99 }, inspection: { tokens, dictionary: dictionary('d'), leftOut: 0 } };
  return { inspected, token: tokenAt(inspected, 4)!, word: undefined, place: { document: 'file:///a.txt', sent: 'When Mary' }, nameOf: (feature) => (feature === 138 ? 'second of two names' : undefined), modelId: 'fable-4l', features: 3 };
}

const lines = (of: HoverSubject): string[] => hoverLines(of, english).map(plain);

function plain(line: HoverLine): string {
  return line.map((part) => (part.kind === 'command' ? `[${part.title}]` : part.text)).join('');
}
