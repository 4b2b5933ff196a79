/** 95 % intervals: Wilson's for independent yes/no answers, a bootstrap over whole groups for everything else. */
import { Random } from '../../src/engine/random.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What one group of items contributes to a ratio of sums. */
export interface GroupSum {
  readonly sum: number;
  readonly weight: number;
}

const z = 1.959963984540054;

/** Wilson's score interval of `successes` out of `n` (Wilson 1927). */
export function wilson(successes: number, n: number): Interval {
  const p = successes / n;
  const centre = p + z ** 2 / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  // At the ends the bound is the end itself, which rounding would miss.
  return { low: successes === 0 ? 0 : (centre - spread) / scale, high: successes === n ? 1 : (centre + spread) / scale };
}

/** Percentile interval of Σ sum / Σ weight when the groups are drawn again with replacement. */
export function bootstrapRatio(groups: readonly GroupSum[], seed: number, resamples = 2000): Interval {
  const random = new Random(seed);
  const ratios = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    let weight = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[random.integer(groups.length)]!;
      sum += group.sum;
      weight += group.weight;
    }
    return sum / weight;
  }).sort();
  const at = (share: number): number => ratios[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return { low: at(0.025), high: at(0.975) };
}
