/**
 * What a mean ablation puts in place (algorithms reference §4), as nodes of a graph and over captured values; both follow the
 * same two rules.
 */
import { MechanistError } from '../errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { DType, Tensor } from '../tensor.ts';
import type { AxisRole } from '../models/hookAxes.ts';

/**
 * - `all`: one mean over the prompts and their positions, without padding.
 * - `position`: the mean over the prompts at each position, for prompts of one template. Needs several.
 */
export const meanRules = ['all', 'position'] as const;
export type MeanRule = (typeof meanRules)[number];

type Roles = readonly (AxisRole | undefined)[];

/** Appends the mean of `x`, which broadcasts to it; padding is told from `attention_mask` where the graph has it. Errors: `argument` for `position` over one row. */
export function appendMean(b: GraphBuilder, x: string, roles: Roles, rule: MeanRule, { dtype, rows }: { readonly dtype: DType; readonly rows: number }): string {
  requireSeveral(rule, rows);
  const { axes, positions } = meanAxes(roles, rule);
  if (!b.has('attention_mask') || positions < 0) return b.reduceMean(x, axes, true);
  const others = roles.flatMap((_, axis) => (axis === 0 || axis === positions ? [] : [axis]));
  const weights = b.unsqueeze(b.cast('attention_mask', dtype), others);
  // At a position where every row is padding, the sum and the count are 0.
  return b.div(b.reduceSum(b.mul(x, weights), axes, true), b.node('Max', [b.reduceSum(weights, axes, true), b.scalar(1, dtype)]));
}

/** The same over a captured value, in full shape. `mask`: 1 for tokens, 0 for padding [b,p]. Errors: `argument` for `position` over one row. */
export function meanOf({ dims, data }: Tensor, roles: Roles, rule: MeanRule, mask: Tensor | undefined): Float32Array {
  requireSeveral(rule, dims[0]!);
  const { axes, positions } = meanAxes(roles, rule);
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  const weight = (i: number): number => {
    if (mask === undefined || positions < 0) return 1;
    return Number(mask.data[Math.floor(i / strides[0]!) * dims[positions]! + (Math.floor(i / strides[positions]!) % dims[positions]!)]);
  };
  const slot = (i: number): number => axes.reduce((at, axis) => at - (Math.floor(i / strides[axis]!) % dims[axis]!) * strides[axis]!, i);
  const [sums, counts] = [new Float64Array(data.length), new Float64Array(data.length)];
  (data as Float32Array).forEach((value, i) => {
    sums[slot(i)]! += weight(i) * value;
    counts[slot(i)]! += weight(i);
  });
  return Float32Array.from({ length: data.length }, (_, i) => sums[slot(i)]! / Math.max(1, counts[slot(i)]!));
}

/** Axes that are averaged over, and the one of positions or −1. */
function meanAxes(roles: Roles, rule: MeanRule): { readonly axes: number[]; readonly positions: number } {
  const positions = roles.findIndex((role) => role === 'pos' || role === 'query');
  return { axes: roles.flatMap((role, axis) => (role === 'batch' || (rule === 'all' && axis === positions) ? [axis] : [])), positions };
}

function requireSeveral(rule: MeanRule, rows: number): void {
  if (rule === 'position' && rows < 2) {
    throw new MechanistError('argument', 'The mean at each position needs several prompts; of one it is the prompt itself.', { hint: 'Take the mean over all positions ("all"), or give more prompts of the same length.' });
  }
}
