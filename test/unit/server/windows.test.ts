import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWindows } from '../../../src/server/text/windows.ts';

describe('planWindows', () => {
  it('reads a text that fits at once, special tokens counted', () => {
    expect(planWindows(511, 512, 1)).toEqual([{ from: 0, keep: 0, to: 511 }]);
    expect(planWindows(512, 512, 1)).toHaveLength(4);
    expect(planWindows(0, 512, 1)).toEqual([]);
  });

  it('keeps a quarter of the context before each token of a long text', () => {
    const windows = planWindows(3000, 512, 1);
    for (const { from, keep, to } of windows.slice(1)) {
      expect(1 + keep - from).toBeGreaterThanOrEqual(128);
      expect(1 + to - from).toBeLessThanOrEqual(256);
    }
  });

  it('keeps every token once and in order, in windows that fit, whatever the sizes', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 8, max: 600 }), fc.integer({ min: 0, max: 2 }), (count, context, special) => {
      const windows = planWindows(count, context, special);
      let next = 0;
      for (const { from, keep, to } of windows) {
        expect(keep).toBe(next);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(from).toBeLessThanOrEqual(keep);
        expect(to).toBeGreaterThan(keep);
        expect(to - from + special).toBeLessThanOrEqual(context);
        // A token's surprise is read at the position before it.
        if (keep > 0) expect(from).toBeLessThan(keep);
        next = to;
      }
      expect(next).toBe(count);
    }));
  });
});
