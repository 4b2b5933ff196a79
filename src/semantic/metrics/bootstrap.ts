/** Percentile bootstrap over documents, which are independent where tokens are not. */
import { Random } from '../../engine/random.ts';
import { quantile } from '../../engine/statistics.ts';

export interface Interval {
  readonly value: number;
  /** 95 % percentile interval. */
  readonly low: number;
  readonly high: number;
}

/** Intervals of every score of `scoresOf(documents)` from `resamples` draws of documents with replacement. */
export function bootstrap<D, S extends { readonly [K in keyof S]: number }>(documents: readonly D[], scoresOf: (documents: readonly D[]) => S, resamples: number, seed: number): { [K in keyof S]: Interval } {
  const random = new Random(seed);
  const point = scoresOf(documents);
  const draws = Array.from({ length: resamples }, () => scoresOf(documents.map(() => documents[random.integer(documents.length)]!)));
  const interval = (name: keyof S): Interval => {
    const sorted = draws.map((draw): number => draw[name]).filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
    return { value: point[name], low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  };
  return Object.fromEntries(Object.keys(point).map((name) => [name, interval(name as keyof S)])) as { [K in keyof S]: Interval };
}
