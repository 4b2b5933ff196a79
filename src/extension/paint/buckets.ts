/**
 * From one number per token to the few colours of an editor. A value's share of the largest decides its bucket; what is
 * nearly nothing stays unpainted. Pure: the editor's decorations are made in `painter.ts`.
 */
export const bucketCount = 9;

/** Weaker than this share of the largest is not painted. */
const faintest = 0.08;

export interface PaintedRange {
  /** Offsets in the document. */
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

/** Index from 0 (faint) to `bucketCount` − 1 (strongest), or `undefined` for what stays unpainted. */
export function bucketOf(value: number, most: number): number | undefined {
  if (!(most > 0) || !(value > 0)) return undefined;
  const share = Math.min(1, value / most);
  if (share < faintest) return undefined;
  return Math.min(bucketCount - 1, Math.floor(((share - faintest) / (1 - faintest)) * bucketCount));
}

/** Ranges by bucket. Neighbours of one bucket are joined, so that long texts need fewer decorations. */
export function intoBuckets(ranges: readonly PaintedRange[], most: number): PaintedRange[][] {
  const buckets: PaintedRange[][] = Array.from({ length: bucketCount }, () => []);
  for (const range of ranges) {
    const index = bucketOf(range.value, most);
    if (index === undefined || range.end <= range.start) continue;
    buckets[index]!.push(range);
  }
  return buckets;
}

/** Of full colour. */
export const hitShare = 0.5;

/** The strongest tokens, in the order of the text: what "next hit" steps through. A hit reaches `hitShare` of full colour. */
export function hitsOf(ranges: readonly PaintedRange[], most: number): PaintedRange[] {
  return ranges.filter(({ value, start, end }) => most > 0 && value >= most * hitShare && end > start).toSorted((a, b) => a.start - b.start);
}

/** The hit after or before an offset; past the last it is the first again. `undefined` without hits. */
export function neighbouringHit(hits: readonly PaintedRange[], offset: number, direction: 1 | -1): PaintedRange | undefined {
  if (hits.length === 0) return undefined;
  if (direction === 1) return hits.find(({ start }) => start > offset) ?? hits[0];
  return hits.findLast(({ start }) => start < offset) ?? hits.at(-1);
}

/**
 * The value that counts as full colour. Not the largest: a single freak would leave the rest pale. The 99th percentile
 * of what is positive, for short texts the largest.
 */
export function scaleOf(values: Iterable<number>): number {
  const sorted = Array.from(values).filter((value) => value > 0).toSorted((a, b) => a - b);
  if (sorted.length === 0) return 0;
  return sorted.length < 100 ? sorted.at(-1)! : sorted[Math.floor(sorted.length * 0.99)]!;
}
