/** Means with bootstrap intervals, spreads of nulls, and rounding, shared by the methods. */
import { bootstrap, quantile } from '../engine/statistics.ts';

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** 95 % percentile bootstrap of the mean; undefined for fewer than two values. */
export function meanInterval(values: ArrayLike<number>, seed: number): readonly [number, number] | undefined {
  if (values.length < 2) return undefined;
  return intervalOf(values.length, (drawn) => drawn.reduce((sum, i) => sum + values[i]!, 0) / drawn.length, seed);
}

/** 95 % percentile bootstrap of a statistic of drawn indices. */
export function intervalOf(count: number, statistic: (drawn: Int32Array) => number, seed: number): readonly [number, number] {
  const { low, high } = bootstrap(count, statistic, { seed });
  return [low, high];
}

/** Mean of a null with the range that holds 95 % of it. */
export function nullOf(name: string, values: ArrayLike<number>): { name: string; value: number; interval: readonly [number, number] } | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return { name, value: mean(sorted), interval: [quantile(sorted, 0.025), quantile(sorted, 0.975)] };
}

/** Six significant digits: what a note shows and a re-run is compared with. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
