import { describe, expect, it } from 'vitest';
import { bucketCount, bucketOf, hitsOf, intoBuckets, neighbouringHit, scaleOf } from '../../../src/extension/paint/buckets.ts';
import { placeValues } from '../../../src/extension/paint/values.ts';

const range = (start: number, value: number) => ({ start, end: start + 1, value });

describe('the bucket of a value', () => {
  it.each([[10, bucketCount - 1], [99, bucketCount - 1], [0.9, 0], [0.5, undefined], [0, undefined], [-3, undefined], [NaN, undefined]])('of %d against 10 is %s', (value, bucket) => {
    expect(bucketOf(value, 10)).toBe(bucket);
  });

  it('rises with the value and uses every bucket', () => {
    const buckets = Array.from({ length: 101 }, (_, share) => bucketOf(share, 100)).filter((bucket) => bucket !== undefined);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(new Set(buckets).size).toBe(bucketCount);
  });

  it('does not exist where nothing is active', () => {
    expect(intoBuckets([range(0, 0), range(1, 0)], 0).flat()).toEqual([]);
  });
});

describe('full colour', () => {
  it('is the largest value of a short text', () => {
    expect(scaleOf([1, 7, NaN, -2])).toBe(7);
  });

  it('is not one freak among many', () => {
    expect(scaleOf([...Array.from({ length: 500 }, () => 2), 1_000])).toBe(2);
  });
});

describe('hits', () => {
  const hits = hitsOf([range(30, 9), range(10, 8), range(20, 1), range(40, 5)], 10);

  it('are the strong tokens in the order of the text', () => {
    expect(hits.map(({ start }) => start)).toEqual([10, 30, 40]);
  });

  it.each([[0, 1, 10], [10, 1, 30], [40, 1, 10], [40, -1, 30], [10, -1, 40]] as const)('from %d in direction %d lead to %d', (offset, direction, start) => {
    expect(neighbouringHit(hits, offset, direction)?.start).toBe(start);
  });

  it('may be none', () => {
    expect(neighbouringHit([], 5, 1)).toBeUndefined();
  });
});

describe('values of a window', () => {
  const window = { index: 1, start: 100, end: 200, ownStart: 120, ownEnd: 180 };
  const values = (list: readonly (readonly [start: number, end: number, value: number])[]) => ({
    starts: Uint32Array.from(list, ([start]) => start), ends: Uint32Array.from(list, ([, end]) => end), values: Float32Array.from(list, ([, , value]) => value), unit: 'bits',
  });

  const blank = 'x'.repeat(100);

  it('are placed in the document, those of the overlap and those without a number left out', () => {
    expect(placeValues(window, blank, values([[10, 15, 3], [20, 25, 4], [30, 31, NaN], [79, 85, 5], [80, 81, 6]]))).toEqual([
      { start: 120, end: 125, value: 4 }, { start: 179, end: 185, value: 5 },
    ]);
  });

  it('give a split character the strongest of its tokens', () => {
    expect(placeValues(window, blank, values([[20, 22, 1], [20, 22, 4], [20, 22, 2]]))).toEqual([{ start: 120, end: 122, value: 4 }]);
  });

  it('leave line endings out, so that a carriage return does not take the whole scale', () => {
    const text = `${'x'.repeat(20)}one\r\ntwo\n${'x'.repeat(71)}`;
    const ranges = placeValues(window, text, values([[20, 23, 4], [23, 24, 40], [24, 25, 3], [25, 28, 6], [28, 29, 12], [28, 30, 2]]));
    expect(ranges.map(({ start, value }) => [start, value])).toEqual([[120, 4], [125, 6], [128, 2]]);
    expect(scaleOf(ranges.map(({ value }) => value))).toBe(6);
  });
});
