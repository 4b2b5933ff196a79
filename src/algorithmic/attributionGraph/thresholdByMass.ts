/** The largest scores that together make up a share of the total: how thresholds of attribution graphs are meant. */

/**
 * The score at which the sum of the largest scores (all ≥ 0) first reaches `share` of the total; 0 for none.
 * Linear in the number of scores: only those in the bucket where the share is reached are sorted.
 */
export function thresholdByMass(scores: Float64Array, share: number): number {
  if (scores.length === 0) return 0;
  const total = scores.reduce((sum, score) => sum + score, 0);
  if (scores.length <= fewScores) return reached(scores, share * total, 0);
  const bucketOf = bucketer();
  const sums = new Float64Array(buckets);
  for (const score of scores) sums[bucketOf(score)]! += score;
  let above = 0;
  let bucket = buckets - 1;
  for (; bucket > 0; bucket--) {
    if (sums[bucket]! > 0 && above + sums[bucket]! >= share * total) break;
    above += sums[bucket]!;
  }
  return reached(scores.filter((score) => bucketOf(score) === bucket), share * total, above);
}

/** The score at which the sum, `above` included, reaches `wanted`; the smallest when rounding leaves it just below. */
function reached(scores: Float64Array, wanted: number, above: number): number {
  const sorted = scores.toSorted().reverse();
  let sum = above;
  return sorted.find((score) => (sum += score) >= wanted) ?? sorted.at(-1) ?? 0;
}

/** Up to here sorting is quicker. */
const fewScores = 4096;
const buckets = 2 ** 15;

/** The upper half of a non-negative float's bits, which orders as the numbers do. */
function bucketer(): (score: number) => number {
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  return (score) => {
    single[0] = score;
    return bits[0]! >>> 16;
  };
}
