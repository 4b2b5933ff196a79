/** What a sweep puts into its sites (algorithms reference §4): the other run's value, or an ablation of the base run's own. */
import { MechanistError } from '../errors.ts';
import type { AxisRole } from '../models/hookAxes.ts';
import { Random } from '../random.ts';
import type { Tensor } from '../tensor.ts';

/**
 * - `patch`: the other run's value.
 * - `zero`: zero, which no run produces; show another beside it.
 * - `mean`: the mean over prompts at each position (aligned templates); for a single prompt, over its positions.
 * - `resample`: the value of another prompt of the same set, drawn by the seed; for a single prompt, of the other run.
 */
export type Replacement = 'patch' | 'zero' | 'mean' | 'resample';

/** The tensor that sites take their entries from. `base` and `other`: the hook's value in the two runs. Errors: `argument` for a mean over one prompt without positions. */
export function replacementSource(kind: Replacement, base: Tensor, other: Tensor, roles: readonly (AxisRole | undefined)[], seed: number): Tensor {
  const rows = base.dims[0]!;
  const data = base.data as Float32Array;
  const size = data.length / rows;
  switch (kind) {
    case 'patch': return other;
    case 'zero': return { ...base, data: new Float32Array(data.length) };
    case 'resample': return rows === 1 ? other : { ...base, data: rearranged(data, size, derangement(rows, seed)) };
    case 'mean': return { ...base, data: rows === 1 ? meanOverPositions(base, roles) : meanOverRows(data, rows, size) };
  }
}

function meanOverRows(data: Float32Array, rows: number, size: number): Float32Array {
  const mean = new Float64Array(size);
  data.forEach((value, i) => (mean[i % size]! += value / rows));
  return Float32Array.from({ length: data.length }, (_, i) => mean[i % size]!);
}

function meanOverPositions({ dims, data }: Tensor, roles: readonly (AxisRole | undefined)[]): Float32Array {
  const axis = roles.findIndex((role) => role === 'pos' || role === 'query');
  if (axis < 0) throw new MechanistError('argument', 'A mean needs several prompts, or positions to take it over.');
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const positions = dims[axis]!;
  const slot = (i: number): number => Math.floor(i / (positions * inner)) * inner + (i % inner);
  const mean = new Float64Array(data.length / positions);
  (data as Float32Array).forEach((value, i) => (mean[slot(i)]! += value / positions));
  return Float32Array.from({ length: data.length }, (_, i) => mean[slot(i)]!);
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
