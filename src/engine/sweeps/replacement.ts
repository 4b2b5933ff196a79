/** What a sweep puts into its sites (algorithms reference §4): the other run's value, or an ablation of the base run's own. */
import { meanOf } from '../interventions/meanAblation.ts';
import type { MeanRule } from '../interventions/meanAblation.ts';
import type { AxisRole } from '../models/hookAxes.ts';
import { Random } from '../random.ts';
import type { Tensor } from '../tensor.ts';

/**
 * - `patch`: the other run's value.
 * - `zero`: zero, which no run produces; show another beside it.
 * - `mean`: the mean of the base run, by one of the rules of `meanAblation.ts`.
 * - `resample`: the value of another prompt of the same set, drawn by the seed; for a single prompt, of the other run.
 */
export type Replacement = 'patch' | 'zero' | 'mean' | 'resample';

export interface AblationOptions {
  /** Of `resample`. */
  readonly seed: number;
  /** Of `mean`. Default `all`. */
  readonly over?: MeanRule | undefined;
  /** 1 for tokens of the base run, 0 for padding [b,p]. */
  readonly mask?: Tensor | undefined;
}

/** The tensor that sites take their entries from. `base` and `other`: the hook's value in the two runs. Errors: those of `meanOf`. */
export function replacementSource(kind: Replacement, base: Tensor, other: Tensor, roles: readonly (AxisRole | undefined)[], { seed, over = 'all', mask }: AblationOptions): Tensor {
  const rows = base.dims[0]!;
  const data = base.data as Float32Array;
  const size = data.length / rows;
  switch (kind) {
    case 'patch': return other;
    case 'zero': return { ...base, data: new Float32Array(data.length) };
    case 'resample': return rows === 1 ? other : { ...base, data: rearranged(data, size, derangement(rows, seed)) };
    case 'mean': return { ...base, data: meanOf(base, roles, over, mask) };
  }
}

/** A random cyclic order: no row keeps its own place. */
function derangement(rows: number, seed: number): number[] {
  const order = new Random(seed).permutation(rows);
  const next = new Array<number>(rows);
  order.forEach((row, i) => (next[row] = order[(i + 1) % rows]!));
  return next;
}

function rearranged(data: Float32Array, size: number, from: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  from.forEach((source, row) => result.set(data.subarray(source * size, (source + 1) * size), row * size));
  return result;
}
