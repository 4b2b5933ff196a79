/** Intervals over prompts, null distributions and rank correlation. */
import { Random } from './random.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Percentile bootstrap of a statistic of `count` items drawn with replacement: `statistic` gets the drawn indices. */
export function bootstrap(count: number, statistic: (drawn: Int32Array) => number, { resamples = 1000, seed = 0, level = 0.95 } = {}): Interval {
  const random = new Random(seed);
  const drawn = new Int32Array(count);
  const values = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < count; i++) drawn[i] = random.integer(count);
    return statistic(drawn);
  }).sort();
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}

/** Percentile bootstrap (95 %) of the mean over rows, entry by entry; all entries share the draws. */
export function bootstrapMeans(rows: readonly Float32Array[], { resamples = 200, seed = 0 } = {}): { readonly low: Float32Array; readonly high: Float32Array } {
  const random = new Random(seed);
  const size = rows[0]?.length ?? 0;
  const draws = Array.from({ length: resamples }, () => {
    const sum = new Float32Array(size);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[random.integer(rows.length)]!;
      for (let entry = 0; entry < size; entry++) sum[entry]! += row[entry]! / rows.length;
    }
    return sum;
  });
  const [low, high] = [new Float32Array(size), new Float32Array(size)];
  const values = new Float64Array(resamples);
  for (let entry = 0; entry < size; entry++) {
    draws.forEach((draw, i) => (values[i] = draw[entry]!));
    values.sort();
    low[entry] = quantile(values, 0.025);
    high[entry] = quantile(values, 0.975);
  }
  return { low, high };
}

/** Whether two metrics differ by more than rounding, so that shares of their difference mean something. */
export function differ(a: number, b: number): boolean {
  return Math.abs(a - b) > 1e-5 * Math.max(1, Math.abs(a));
}

/** Mean over rows, entry by entry. */
export function meansOf(rows: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) row.forEach((value, i) => (sum[i]! += value / rows.length));
  return Float32Array.from(sum);
}

export function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Quantile of ascending values by linear interpolation; NaN for none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const [below, above] = [Math.floor(at), Math.ceil(at)];
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

export interface NullSummary {
  readonly draws: number;
  readonly values: Float64Array;
  readonly p50: number;
  readonly p99: number;
  /** (1 + draws at or above the observed value) / (1 + draws). */
  readonly p: number;
}

export function summarizeNull(values: Float64Array, observed: number): NullSummary {
  const sorted = values.toSorted();
  const reached = values.filter((value) => value >= observed).length;
  return { draws: values.length, values, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), p: (1 + reached) / (1 + values.length) };
}

/** Spearman's rank correlation with mean ranks for ties; undefined for fewer than 3 pairs or constant values. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  if (a.length < 3) return undefined;
  return correlation(ranks(a), ranks(b));
}

function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((x, y) => values[x]! - values[y]!);
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[start]!]) end++;
    for (let i = start; i <= end; i++) result[order[i]!] = (start + end) / 2;
    start = end + 1;
  }
  return result;
}

function correlation(a: Float64Array, b: Float64Array): number | undefined {
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - ma) * (b[i]! - mb);
    aa += (value - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  });
  return aa === 0 || bb === 0 ? undefined : ab / Math.sqrt(aa * bb);
}
