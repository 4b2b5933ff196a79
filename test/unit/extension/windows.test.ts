import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPlan, planOf, shrunk, windowAt, windowsAround, windowsOver } from '../../../src/extension/inspection/windows.ts';
import type { TextSource } from '../../../src/extension/inspection/textSource.ts';

describe('a text that fits', () => {
  it('is one window from its start to its end', () => {
    const text = 'When Mary and John went to the market.\r\n';
    expect(windowAt(sourceOf(text), 20, defaultPlan)).toEqual({ index: 0, start: 0, end: text.length, ownStart: 0, ownEnd: text.length });
  });

  it('may be empty', () => {
    expect(windowAt(sourceOf(''), 0, defaultPlan)).toEqual({ index: 0, start: 0, end: 0, ownStart: 0, ownEnd: 0 });
    expect(windowsOver(sourceOf(''), 0, 0, defaultPlan)).toEqual([]);
  });
});

describe('the windows of a long text', () => {
  const text = 'one two three four five six seven eight nine ten '.repeat(60);
  const plan = planOf(300);

  it('answer together for every offset exactly once, in order', () => {
    const windows = windowsOver(sourceOf(text), 0, text.length, plan);
    expect(windows[0]!.ownStart).toBe(0);
    expect(windows.at(-1)!.ownEnd).toBe(text.length);
    for (const [index, window] of windows.slice(1).entries()) expect(window.ownStart).toBe(windows[index]!.ownEnd);
  });

  it('begin before what they answer for and part no word', () => {
    for (const { start, end, ownStart, index } of windowsOver(sourceOf(text), 0, text.length, plan)) {
      if (index > 0) {
        expect(ownStart - start).toBeGreaterThan(plan.overlap / 2);
        expect(text[start]).toMatch(/\s/);
      }
      expect(end === text.length || /\s/.test(text[end]!)).toBe(true);
    }
  });

  it('are found for an offset by looking at no more than their own part', () => {
    expect(windowAt(sourceOf(text), 1_500, plan)).toEqual(windowsOver(sourceOf(text), 1_500, 1_501, plan)[0]);
  });

  it('are offered from the cursor outwards', () => {
    const indices = windowsAround(sourceOf(text), 1_500, plan, 2).map(({ index }) => index);
    const [centre] = indices as [number];
    expect(indices).toEqual([centre, centre + 1, centre - 1, centre + 2, centre - 2]);
    expect(windowsAround(sourceOf(text), 0, plan, 1).map(({ index }) => index)).toEqual([0, 1]);
  });
});

describe('windows of any text', () => {
  const pieces = fc.constantFrom('a', ' ', '\r\n', '👩‍🚀', 'é', 'word', '\n', '字');

  it('hold the offset, part no surrogate pair and no CRLF', () => {
    fc.assert(fc.property(fc.array(pieces, { minLength: 1, maxLength: 400 }), fc.nat(), fc.integer({ min: 64, max: 200 }), (parts, seed, span) => {
      const text = parts.join('');
      const offset = seed % text.length;
      const window = windowAt(sourceOf(text), offset, planOf(span));
      expect(window.start).toBeLessThanOrEqual(offset);
      expect(window.end).toBeGreaterThan(offset);
      expect(window.ownStart <= offset && offset < window.ownEnd).toBe(true);
      for (const edge of [window.start, window.end]) expect(partsCharacter(text, edge)).toBe(false);
    }));
  });
});

describe('a text of 10 MB', () => {
  it('is read around the cursor only', () => {
    const text = 'The fox sees a small dog in the garden.\n'.repeat(250_000);
    let read = 0;
    const source: TextSource = { length: text.length, slice: (start, end) => { read += end - start; return text.slice(start, end); } };
    const windows = windowsAround(source, 7_654_321, defaultPlan, 1);
    for (const { start, end } of windows) expect(end - start).toBeLessThan(2 * defaultPlan.span);
    expect(windows[0]!.start).toBeLessThan(7_654_321);
    expect(read).toBeLessThan(1_000);
  });
});

describe('a plan for a model with a shorter context', () => {
  it('has windows that fit what was read', () => {
    expect(shrunk(planOf(1_000), 500).span).toBe(450);
  });

  it('always becomes shorter, down to a least length', () => {
    expect(shrunk(planOf(1_000), 5_000).span).toBe(999);
    expect(shrunk(planOf(64), 1).span).toBe(64);
  });
});

function sourceOf(text: string): TextSource {
  return { length: text.length, slice: (start, end) => text.slice(start, end) };
}

function partsCharacter(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return false;
  const pair = text.slice(offset - 1, offset + 1);
  return pair === '\r\n' || /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair);
}
