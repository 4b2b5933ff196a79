/** What the axes of a hook point mean, told from its TransformerLens name. */
import type { Shape } from '../graph/ir.ts';

/** `query` and `pos` both run over positions; `key` is the attended position. */
export type AxisRole = 'batch' | 'pos' | 'head' | 'query' | 'key' | 'feature';

/**
 * The role of each axis. Names outside the TransformerLens scheme (tensors of foreign files) are read by their
 * symbols: "batch" and "pos" where they occur, the last remaining axis as `feature`; anything else is undefined.
 */
export function hookAxes(name: string, shape: Shape): readonly (AxisRole | undefined)[] {
  if (/\.attn\.hook_(attn_scores|pattern)$/.test(name) && shape.length === 4) return ['batch', 'head', 'query', 'key'];
  if (/(\.attn\.hook_(q|k|v|z|rot_q|rot_k|result)|\.hook_(q|k|v)_input)$/.test(name) && shape.length === 4) return ['batch', 'pos', 'head', 'feature'];
  const roles: (AxisRole | undefined)[] = shape.map((dim) => (dim === 'batch' ? 'batch' : dim === 'pos' ? 'pos' : undefined));
  const last = roles.length - 1;
  if (last >= 0 && roles[last] === undefined) roles[last] = 'feature';
  return roles;
}
