/** The largest scores that together make up a share of the total: how thresholds of attribution graphs are meant. */

/**
 * The score at which the sum of the largest scores (all ≥ 0) first reaches `share` of the total; 0 for none.
 * Linear in the number of scores: only those in the bucket where the share is reached are sorted.
 */
export function thresholdByMass(scores: Float64Array, share: number): number {
  if (scores.length === 0) return 0;
  const bucketOf = bucketer();
  const sums = new Float64Array(buckets);
  for (const score of scores) sums[bucketOf(score)]! += score;
  const wanted = share * sums.reduce((total, sum) => total + sum, 0);
  let above = 0;
  let bucket = buckets - 1;
  for (; bucket > 0; bucket--) {
    if (sums[bucket]! > 0 && above + sums[bucket]! >= wanted) break;
    above += sums[bucket]!;
  }
  const inside = scores.filter((score) => bucketOf(score) === bucket).sort().reverse();
  for (const score of inside) if ((above += score) >= wanted) return score;
  // Rounding left the sum just below: the share asks for everything.
  return inside.at(-1) ?? 0;
}

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
